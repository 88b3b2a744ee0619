import { call } from '../api.ts'
import { useCan, useOrganization } from '../app-context.ts'
import { ActionButton } from './button.tsx'
import { DialogButton } from './dialog.tsx'
import { Field, textOf } from './form.tsx'
import { Icon } from './icon.tsx'
import { Badge } from './status.tsx'

/** Holds what leaves, or lets it go. `what` completes "Pause …". */
export function PauseButton(props: {
  readonly what: string
  readonly pausedAt: string | null
  readonly pause: (reason: string | null) => Promise<unknown>
  readonly resume: () => Promise<unknown>
  readonly onDone: () => void
  /** The button itself says what; beside the thing it need not. */
  readonly isNamed?: boolean
}) {
  const { what, pausedAt, pause, resume, onDone, isNamed = false } = props
  if (!useCan('operate')) return null
  if (pausedAt !== null)
    return (
      <ActionButton label={`Resume ${what}`} done={`Resumed ${what}.`} act={async () => resume().then(onDone)}>
        <Icon name="play" />
        {isNamed ? `Resume ${what}` : 'Resume'}
      </ActionButton>
    )
  return (
    <DialogButton
      button={
        <>
          <Icon name="pause" />
          {isNamed ? `Pause ${what}` : 'Pause'}
        </>
      }
      label={`Pause ${what}`}
      title={`Pause ${what}`}
      submit="Pause"
      submitLook="danger"
      act={async (form) => pause(textOf(form, 'reason') ?? null).then(onDone)}
    >
      <p>Texts are held, not dropped, and leave in order when you resume. What a provider already has goes on.</p>
      <Field label="Reason" name="reason" maxLength={200} hint="Shown in the audit log. May stay empty." />
    </DialogButton>
  )
}

export function PausedBadge({ pausedAt }: { readonly pausedAt: string | null }) {
  return pausedAt === null ? null : <Badge tone="warn" icon="pause" text="Paused" />
}

/** The widest pause: everything that the organization sends. */
export function OrganizationPause({ onDone }: { readonly onDone?: () => void }) {
  const { data, reload } = useOrganization()
  if (data === undefined) return null
  return (
    <PauseButton
      what="everything"
      isNamed
      pausedAt={data.paused_at}
      pause={(reason) => call('POST /api/v1/organization/pause', { body: { reason } })}
      resume={() => call('POST /api/v1/organization/resume', { body: {} })}
      onDone={() => {
        reload()
        onDone?.()
      }}
    />
  )
}
