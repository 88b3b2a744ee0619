import type { ComponentChildren } from 'preact'
import type { AssistantPolicyUpdate, Policy, PolicyUpdate } from '../api-types.ts'
import { useCan } from '../app-context.ts'
import { plural } from '../format.ts'
import { type RuleName, ruleNames, ruleTexts, sayRule } from '../rule-words.ts'
import { DialogButton } from './dialog.tsx'
import { RuleFields, ruleOfForm } from './rule-fields.tsx'
import { Badge } from './status.tsx'

type Change = (update: PolicyUpdate & AssistantPolicyUpdate) => Promise<unknown>

/** Each rule: what it does, what it says now, what it would have stopped, and a way to change it. */
export function Rules(props: {
  readonly policy: Policy
  readonly change: Change
  /** Of an assistant: what holds where it says nothing. */
  readonly inherited?: Policy
  /** How many texts each rule would have stopped lately. */
  readonly impact?: Readonly<Record<string, ComponentChildren>>
}) {
  const { policy, change, inherited, impact } = props
  const mayManage = useCan('manage')
  const names = inherited === undefined ? ruleNames : ruleNames.filter((name) => !ofOrganization.includes(name))
  const preset = mayManage ? (
    <DialogButton
      button="Use the preset “guarded”"
      title="Turn on sensible values"
      submit="Use them"
      done="The preset is in force."
      act={() => change({ preset: 'guarded' })}
    >
      <p>
        Sets countries to that of the sender, caps for each person, assistant and organization, unanswered texts, number
        prefixes, loops, quiet hours for marketing, and repeated texts. You can change each afterwards.
      </p>
    </DialogButton>
  ) : null
  const off = names.filter((name) => !isOn(inherited?.[name] ?? policy[name]))
  return (
    <div class="rules">
      <div class="row">
        {off.length === 0 ? null : <Badge tone="warn" icon="warn" text={`${plural(off.length, 'rule')} off`} />}
        {preset}
      </div>
      {names.map((name) => {
        const own = policy[name]
        const said = own ?? inherited?.[name]
        return (
          <section class="rule" key={name} aria-label={ruleTexts[name].title}>
            <div>
              <h3>{ruleTexts[name].title}</h3>
              <p>{ruleTexts[name].does}</p>
              <div class="row">
                {isOn(said) ? (
                  <Badge tone="good" icon="check" text={sayRule(name, said)} />
                ) : (
                  <Badge tone="quiet" icon="cross" text="Off" />
                )}
                {inherited !== undefined && own === undefined && isOn(said) ? (
                  <span class="muted small">from the organization</span>
                ) : null}
                {impact?.[name]}
              </div>
            </div>
            {mayManage ? (
              <div class="actions">
                <DialogButton
                  button="Change"
                  label={`Change: ${ruleTexts[name].title}`}
                  title={ruleTexts[name].title}
                  submit="Save"
                  act={async (form) => change({ [name]: ruleOfForm(name, form) })}
                >
                  <p>{ruleTexts[name].does}</p>
                  <RuleFields
                    name={name}
                    value={said}
                    isOfAssistant={inherited !== undefined}
                    isOwn={own !== undefined}
                  />
                </DialogButton>
              </div>
            ) : null}
          </section>
        )
      })}
    </div>
  )
}

const ofOrganization: readonly RuleName[] = ['per_organization', 'spend', 'prices']

function isOn(value: unknown): boolean {
  return value !== undefined && value !== null && value !== 'off' && value !== false
}
