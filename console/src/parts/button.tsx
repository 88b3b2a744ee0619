import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { useApp } from '../app-context.ts'
import { apiErrorOf } from '../loading.ts'

export type ButtonLook = 'plain' | 'main' | 'danger' | 'quiet'

/** Runs `act`, is busy meanwhile, and tells what went wrong. */
export function ActionButton(props: {
  readonly act: () => Promise<unknown>
  readonly children: ComponentChildren
  /** Told when it is done. */
  readonly done?: string
  readonly look?: ButtonLook
  readonly label?: string
  readonly disabled?: boolean
}) {
  const { act, children, done, look = 'plain', label, disabled = false } = props
  const { isBusy, run } = useAction()
  return (
    <button
      type="button"
      class={`button ${look}`}
      aria-label={label}
      aria-busy={isBusy}
      disabled={isBusy || disabled}
      onClick={() => void run(act, done)}
    >
      {children}
    </button>
  )
}

export function useAction() {
  const { toast } = useApp()
  const [isBusy, setIsBusy] = useState(false)
  const run = async (act: () => Promise<unknown>, done?: string): Promise<boolean> => {
    setIsBusy(true)
    try {
      await act()
      if (done !== undefined) toast({ tone: 'good', text: done })
      return true
    } catch (error) {
      const { message, hint } = apiErrorOf(error)
      toast({ tone: 'bad', text: message, ...(hint === undefined ? {} : { hint }) })
      return false
    } finally {
      setIsBusy(false)
    }
  }
  return { isBusy, run }
}

export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  return (
    <ActionButton
      look="quiet"
      label={`Copy ${what}`}
      done={`Copied ${what}.`}
      act={() => navigator.clipboard.writeText(text)}
    >
      Copy
    </ActionButton>
  )
}
