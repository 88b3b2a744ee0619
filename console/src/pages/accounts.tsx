import { useState } from 'preact/hooks'
import { call } from '../api.ts'
import type { ProviderAccount } from '../api-types.ts'
import { useCan } from '../app-context.ts'
import { words } from '../format.ts'
import { useLoad } from '../loading.ts'
import { ActionButton } from '../parts/button.tsx'
import { DialogButton } from '../parts/dialog.tsx'
import { Field, textOf } from '../parts/form.tsx'
import { Empty, Facts, Page, Ready, Time } from '../parts/page.tsx'
import { PauseButton, PausedBadge } from '../parts/pause.tsx'
import { Badge } from '../parts/status.tsx'
import type { AccountCheck } from '../stats.ts'

type Credential = {
  readonly name: string
  readonly isSecret?: boolean
  readonly isNeeded?: boolean
  readonly hint?: string
}

/** What each provider's account is made of, by the names that textbridge.yaml has too. */
const credentials: Readonly<Record<string, readonly Credential[]>> = {
  twilio: [
    { name: 'account_sid', isNeeded: true, hint: 'AC…' },
    { name: 'auth_token', isSecret: true, hint: 'Verifies webhooks too.' },
    { name: 'previous_auth_token', isSecret: true, hint: 'While the provider still signs with it.' },
    { name: 'api_key_sid', hint: 'SK…, together with its secret, in place of the auth token for sending.' },
    { name: 'api_key_secret', isSecret: true },
  ],
  telnyx: [
    { name: 'api_key', isSecret: true, isNeeded: true, hint: 'KEY…' },
    { name: 'public_key', hint: 'Verifies webhooks.' },
    { name: 'previous_public_key', hint: 'While the provider still signs with it.' },
    { name: 'messaging_profile_id' },
  ],
}
const providers = Object.keys(credentials)

export default function Accounts() {
  const loaded = useLoad('GET /api/v1/provider-accounts')
  const mayManage = useCan('manage')
  return (
    <Page
      title="Provider accounts"
      lead="Credentials at a provider. Secrets go in and never come out."
      actions={
        mayManage
          ? providers.map((provider) => <AddButton key={provider} provider={provider} onDone={loaded.reload} />)
          : null
      }
    >
      <Ready from={loaded}>
        {(accounts) =>
          accounts.length === 0 ? (
            <Empty title="No provider account yet">
              Add one with the credentials from your provider’s console. Then add a number that you have there.
            </Empty>
          ) : (
            <ul class="cards">
              {accounts.map((account) => (
                <Account key={account.id} account={account} onDone={loaded.reload} />
              ))}
            </ul>
          )
        }
      </Ready>
    </Page>
  )
}

function Account({ account, onDone }: { readonly account: ProviderAccount; readonly onDone: () => void }) {
  const [checked, setChecked] = useState<AccountCheck>()
  const mayManage = useCan('manage')
  const mayOperate = useCan('operate')
  const path = { account_id: account.id }
  return (
    <li class="item">
      <header>
        <h2>{account.name}</h2>
        <span class="muted">{account.provider}</span>
        <PausedBadge pausedAt={account.paused_at} />
      </header>
      <Facts
        facts={[
          ...Object.entries(account.settings).map(
            ([name, value]) => [words(name), <code key={name}>{value}</code>] as const,
          ),
          ...account.secrets_set.map((name) => [words(name), '•••••••• (set)'] as const),
          ['Address', account.base_url],
          ['Texts a second', account.pace.sms_per_second ?? null],
          ['MMS a second', account.pace.mms_per_second ?? null],
          ['Changed', <Time key="changed" at={account.updated_at} />],
        ]}
      />
      {checked === undefined ? null : <CheckResult result={checked} />}
      <div class="actions">
        {mayOperate ? (
          <ActionButton
            label={`Check ${account.name}`}
            act={async () => setChecked(await call('POST /api/v1/provider-accounts/{account_id}/check', { path }))}
          >
            Check
          </ActionButton>
        ) : null}
        {mayManage ? <EditButton account={account} onDone={onDone} /> : null}
        <PauseButton
          what={account.name}
          pausedAt={account.paused_at}
          pause={(reason) => call('POST /api/v1/provider-accounts/{account_id}/pause', { path, body: { reason } })}
          resume={() => call('POST /api/v1/provider-accounts/{account_id}/resume', { path, body: {} })}
          onDone={onDone}
        />
        {mayManage ? (
          <DialogButton
            button="Delete"
            look="danger"
            label={`Delete ${account.name}`}
            title={`Delete ${account.name}?`}
            submit="Delete"
            submitLook="danger"
            act={async () => call('DELETE /api/v1/provider-accounts/{account_id}', { path }).then(onDone)}
          >
            <p>Only an account that no number uses can be deleted. Its messages stay in the log.</p>
          </DialogButton>
        ) : null}
      </div>
    </li>
  )
}

function CheckResult({ result }: { readonly result: AccountCheck }) {
  return (
    <div class={`note ${result.ok ? 'good' : 'bad'}`} role="status">
      <strong>{result.ok ? 'The provider is content with this account.' : 'Something needs your attention.'}</strong>
      <ul class="cards">
        {result.checks.map(({ name, ok, detail, advice }) => (
          <li key={name}>
            <Badge tone={ok ? 'good' : 'bad'} icon={ok ? 'check' : 'cross'} text={name} /> {detail}
            {advice ? <p>{advice}</p> : null}
          </li>
        ))}
      </ul>
    </div>
  )
}

/** Empty fields stay as they are: a secret cannot be read, so nobody has to type it again to change something else. */
function credentialsOf(form: FormData, provider: string): Record<string, string> {
  return Object.fromEntries(
    (credentials[provider] ?? []).flatMap(({ name }) => {
      const value = textOf(form, name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

function CredentialFields({ provider, isNew }: { readonly provider: string; readonly isNew: boolean }) {
  return (
    <>
      {isNew ? null : <p class="hint">What stays empty stays as it is.</p>}
      {(credentials[provider] ?? []).map(({ name, isSecret = false, isNeeded = false, hint }) => (
        <Field
          key={name}
          label={words(name)}
          name={name}
          hint={hint}
          required={isNew && isNeeded}
          {...(isSecret ? { type: 'password', autocomplete: 'new-password' } : {})}
        />
      ))}
    </>
  )
}

function AddButton({ provider, onDone }: { readonly provider: string; readonly onDone: () => void }) {
  const add = async (form: FormData) => {
    const body = { name: textOf(form, 'name') ?? '', provider, ...credentialsOf(form, provider) }
    await call('POST /api/v1/provider-accounts', { body })
    onDone()
  }
  return (
    <DialogButton button={`Add ${provider}`} title={`Add an account at ${provider}`} submit="Add" act={add}>
      <Field label="Name" name="name" required maxLength={200} hint="For you, as in main-twilio." />
      <CredentialFields provider={provider} isNew={true} />
    </DialogButton>
  )
}

function EditButton({ account, onDone }: { readonly account: ProviderAccount; readonly onDone: () => void }) {
  const save = async (form: FormData) => {
    const name = textOf(form, 'name')
    await call('PATCH /api/v1/provider-accounts/{account_id}', {
      path: { account_id: account.id },
      body: { ...(name === undefined ? {} : { name }), ...credentialsOf(form, account.provider) },
    })
    onDone()
  }
  return (
    <DialogButton button="Change" label={`Change ${account.name}`} title={account.name} submit="Save" act={save}>
      <Field label="Name" name="name" value={account.name} />
      <CredentialFields provider={account.provider} isNew={false} />
    </DialogButton>
  )
}
