import type { Toast } from '../app-context.ts'
import { Icon } from './icon.tsx'

export function Toasts(props: { readonly toasts: readonly Toast[]; readonly dismiss: (id: number) => void }) {
  const { toasts, dismiss } = props
  return (
    <section class="toasts" aria-label="Notices">
      <div role="status">{toasts.filter(({ tone }) => tone === 'good').map((toast) => line(toast, dismiss))}</div>
      <div role="alert">{toasts.filter(({ tone }) => tone === 'bad').map((toast) => line(toast, dismiss))}</div>
    </section>
  )
}

function line({ id, tone, text, hint }: Toast, dismiss: (id: number) => void) {
  return (
    <div key={id} class={`note ${tone}`}>
      <div>
        <strong>{text}</strong>
        {hint === undefined ? null : <p>{hint}</p>}
      </div>
      <button type="button" class="button quiet square" aria-label="Dismiss" onClick={() => dismiss(id)}>
        <Icon name="close" />
      </button>
    </div>
  )
}
