import { call } from '../api.ts'
import { DialogButton } from './dialog.tsx'
import { TextArea, textOf } from './form.tsx'

export function HeldActions({ id, onDone }: { readonly id: string; readonly onDone: () => void }) {
  const path = { message_id: id }
  const noteOf = (form: FormData) => ({ note: textOf(form, 'note') ?? null })
  const note = <TextArea label="Note" name="note" maxLength={200} hint="Kept in the audit log. May stay empty." />
  return (
    <>
      <DialogButton
        button="Approve"
        look="main"
        title="Approve this text"
        submit="Approve and send"
        act={async (form) => call('POST /api/v1/held/{message_id}/approve', { path, body: noteOf(form) }).then(onDone)}
      >
        {note}
      </DialogButton>
      <DialogButton
        button="Refuse"
        look="danger"
        title="Refuse this text"
        submit="Refuse"
        submitLook="danger"
        act={async (form) => call('POST /api/v1/held/{message_id}/refuse', { path, body: noteOf(form) }).then(onDone)}
      >
        <p>It is not sent, and its sender learns that it was not approved.</p>
        {note}
      </DialogButton>
    </>
  )
}
