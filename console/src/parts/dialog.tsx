import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type { ButtonLook } from './button.tsx'
import { Form } from './form.tsx'
import { Icon } from './icon.tsx'

/** The browser's own modal dialog: it keeps the focus inside, Escape closes it, and the focus goes back. */
export function Dialog(props: {
  readonly title: string
  readonly onClose: () => void
  readonly children: ComponentChildren
}) {
  const { title, onClose, children } = props
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby={id} onClose={onClose}>
      <header>
        <h2 id={id}>{title}</h2>
        <button type="button" class="button quiet square" aria-label="Close" onClick={() => dialog.current?.close()}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  )
}

/** A button that asks in a dialog first: `children` are the fields, `act` gets what was filled in. */
export function DialogButton(props: {
  readonly button: ComponentChildren
  readonly title: string
  readonly submit: string
  readonly act: (form: FormData) => Promise<unknown>
  readonly children?: ComponentChildren
  readonly done?: string
  readonly look?: ButtonLook
  readonly submitLook?: ButtonLook
  readonly label?: string
}) {
  const { button, title, submit, act, children, done, look = 'plain', submitLook = 'main', label } = props
  const [isOpen, setIsOpen] = useState(false)
  const close = () => setIsOpen(false)
  return (
    <>
      <button type="button" class={`button ${look}`} aria-label={label} onClick={() => setIsOpen(true)}>
        {button}
      </button>
      {isOpen && (
        <Dialog title={title} onClose={close}>
          <Form submit={submit} look={submitLook} act={act} onDone={close} {...(done === undefined ? {} : { done })}>
            {children}
          </Form>
        </Dialog>
      )}
    </>
  )
}
