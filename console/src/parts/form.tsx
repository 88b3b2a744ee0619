import {
  type ComponentChildren,
  createElement,
  type TargetedInputEvent,
  type TargetedKeyboardEvent,
  type TargetedSubmitEvent,
} from 'preact'
import { useId, useRef, useState } from 'preact/hooks'
import type { ApiError } from '../api.ts'
import { apiErrorOf } from '../loading.ts'
import type { ButtonLook } from './button.tsx'

/** Fields keep their own values; `act` gets them all at once. What was refused is said above the button. */
export function Form(props: {
  readonly submit: string
  readonly act: (form: FormData) => Promise<unknown>
  readonly children?: ComponentChildren
  readonly done?: string
  readonly look?: ButtonLook
  readonly onDone?: () => void
  readonly isCleared?: boolean
}) {
  const { submit, act, children, done, look = 'main', onDone, isCleared = false } = props
  const [error, setError] = useState<ApiError>()
  const [isBusy, setIsBusy] = useState(false)
  const [isDone, setIsDone] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  const run = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    setIsBusy(true)
    setError(undefined)
    setIsDone(false)
    try {
      await act(new FormData(event.currentTarget))
      setIsDone(true)
      if (isCleared) form.current?.reset()
      onDone?.()
    } catch (fault) {
      setError(apiErrorOf(fault))
    } finally {
      setIsBusy(false)
    }
  }
  return (
    <form ref={form} class="form" onSubmit={(event) => void run(event)}>
      {children}
      {error === undefined ? null : <ErrorNote error={error} />}
      <div class="form-end">
        <button type="submit" class={`button ${look}`} disabled={isBusy} aria-busy={isBusy}>
          {submit}
        </button>
        <span role="status">{isDone && done !== undefined ? done : ''}</span>
      </div>
    </form>
  )
}

export function ErrorNote({ error }: { readonly error: ApiError }) {
  return (
    <div class="note bad" role="alert">
      <strong>{error.message}</strong>
      {error.hint === undefined ? null : <p>{error.hint}</p>}
      {error.code === 'internal' ? <p>The service’s log has the details.</p> : null}
    </div>
  )
}

type Common = {
  readonly label: string
  readonly name: string
  readonly hint?: ComponentChildren | undefined
}
type Typed<E extends HTMLElement> = {
  readonly value?: string | number
  readonly placeholder?: string | undefined
  readonly required?: boolean
  readonly maxLength?: number
  readonly onInput?: (event: TargetedInputEvent<E>) => void
}
export type FieldType = 'text' | 'search' | 'tel' | 'url' | 'password' | 'number' | 'date' | 'datetime-local' | 'file'
type FieldProps = Common &
  Typed<HTMLInputElement> & {
    readonly type?: FieldType
    readonly minLength?: number
    readonly min?: number
    readonly max?: number
    readonly step?: 'any'
    readonly autocomplete?: 'username' | 'current-password' | 'new-password' | 'off'
    readonly accept?: string
  }
type TextAreaProps = Common &
  Typed<HTMLTextAreaElement> & {
    readonly rows?: number
    readonly onKeyDown?: (event: TargetedKeyboardEvent<HTMLTextAreaElement>) => void
  }
type CheckProps = Common & { readonly checked?: boolean; readonly required?: boolean }

export function Field({ label, name, hint, autocomplete = 'off', type = 'text', ...rest }: FieldProps) {
  const id = useId()
  // As an element of JSX an input is typed by its type: one that is not known before has none.
  const input = createElement('input', {
    ...rest,
    ...{ id, name, type, autocomplete },
    ...(hint ? { 'aria-describedby': `${id}-hint` } : {}),
  })
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {input}
      <Hint id={id} text={hint} />
    </div>
  )
}

export function TextArea({ label, name, hint, rows = 3, ...rest }: TextAreaProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea id={id} name={name} rows={rows} aria-describedby={hint ? `${id}-hint` : undefined} {...rest} />
      <Hint id={id} text={hint} />
    </div>
  )
}

export type Option = { readonly value: string; readonly text: string }

export function Select(
  props: Common & {
    readonly options: readonly Option[]
    readonly value?: string
    readonly onPick?: (value: string) => void
  },
) {
  const { label, name, hint, options, value, onPick } = props
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        name={name}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onPick?.(event.currentTarget.value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value} selected={option.value === value}>
            {option.text}
          </option>
        ))}
      </select>
      <Hint id={id} text={hint} />
    </div>
  )
}

export function Check({ label, name, hint, ...rest }: CheckProps) {
  const id = useId()
  return (
    <div class="field check">
      <input id={id} name={name} type="checkbox" aria-describedby={hint ? `${id}-hint` : undefined} {...rest} />
      <label for={id}>{label}</label>
      <Hint id={id} text={hint} />
    </div>
  )
}

function Hint({ id, text }: { readonly id: string; readonly text: ComponentChildren }) {
  return text ? (
    <p class="hint" id={`${id}-hint`}>
      {text}
    </p>
  ) : null
}

/** What was typed, without spaces around it; undefined when nothing was. */
export function textOf(form: FormData, name: string): string | undefined {
  const value = form.get(name)
  const text = typeof value === 'string' ? value.trim() : ''
  return text === '' ? undefined : text
}

export function numberOf(form: FormData, name: string): number | undefined {
  const text = textOf(form, name)
  return text === undefined ? undefined : Number(text)
}

/** One entry per line or comma. */
export function listOf(form: FormData, name: string): string[] {
  return (textOf(form, name) ?? '')
    .split(/[\n,;]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
}
