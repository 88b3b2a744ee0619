import { call } from '../api.ts'
import { formatPhone } from '../format.ts'
import { DialogButton } from './dialog.tsx'
import { Check, TextArea, textOf } from './form.tsx'

/** A person decides what no evidence has decided. */
export function ResolveActions(props: {
  readonly message: { readonly message_id: string; readonly to: string; readonly provider: string }
  readonly onDone: () => void
}) {
  const { message, onDone } = props
  const resolve = (resolution: 'sent' | 'send_again') => async (form: FormData) =>
    call('POST /api/v1/unknowns/{message_id}/resolve', {
      path: { message_id: message.message_id },
      body: { resolution, note: textOf(form, 'note') ?? null },
    }).then(onDone)
  const note = <TextArea label="Note" name="note" maxLength={500} hint="How you know. Kept in the audit log." />
  return (
    <>
      <DialogButton
        button="It was sent"
        title="It was sent"
        submit="Mark as sent"
        done="Marked as sent."
        act={resolve('sent')}
      >
        <p>
          You have seen at {message.provider}, or heard from {formatPhone(message.to)}, that this text went out. It is
          not sent again.
        </p>
        {note}
      </DialogButton>
      <DialogButton
        button="Send again"
        look="danger"
        title="Send it again?"
        submit="Send again"
        submitLook="danger"
        act={resolve('send_again')}
      >
        <p>
          If the first one did go out, {formatPhone(message.to)} is texted twice. Look at {message.provider} first.
        </p>
        <Check label="I have looked, and it did not go out" name="sure" required />
        {note}
      </DialogButton>
    </>
  )
}
