import { type Static, Type } from 'typebox'
import { apiKeyScopes } from '../../core/api-key.ts'
import { passwordLengthMax, passwordLengthMin, userNameLengthMax, userRoles } from '../../core/user.ts'
import { idSchema, nameLengthMax, nullable, timeSchema } from './common.ts'

/** As it is typed in; what it is held to is said by the core, in its words. */
const typedName = Type.String({ minLength: 1, maxLength: userNameLengthMax })
const typedPassword = Type.String({ minLength: 1, maxLength: passwordLengthMax })
const chosenPassword = Type.String({
  maxLength: passwordLengthMax,
  description: `At least ${passwordLengthMin} characters, and not the name.`,
})

export const signInSchema = Type.Object(
  {
    name: typedName,
    password: typedPassword,
    organization: Type.Optional(
      nullable(
        Type.String({
          maxLength: nameLengthMax,
          description: 'Its name; needed where users of several organizations have the same name.',
        }),
      ),
    ),
  },
  { title: 'SignIn', examples: [{ name: 'ann@example.com', password: 'correct horse battery staple' }] },
)

const tokenSchema = Type.String({ minLength: 1, maxLength: 100, description: 'What stands behind `#link=`.' })

export const redeemSchema = Type.Object(
  {
    token: tokenSchema,
    name: Type.Optional(nullable(typedName)),
    password: Type.Optional(nullable(chosenPassword)),
  },
  {
    title: 'SignInLinkUse',
    examples: [{ token: 'pu3N0bGq8a5Jm2cUqk3sIq1b7Yw0Vt9xZr4LhXeD6fE' }],
    description:
      '`name` and `password` where the answer says that it needs them; a password that is given replaces the one before.',
  },
)

export const passwordSchema = Type.Object(
  { current_password: typedPassword, password: chosenPassword },
  {
    title: 'PasswordChange',
    examples: [{ current_password: 'correct horse battery staple', password: 'a longer one that nobody guesses' }],
  },
)

const example = {
  user: { id: 1, name: 'ann@example.com', role: 'owner' },
  api_key: null,
  scopes: ['send', 'read', 'operate', 'manage'],
  organization: { id: 1, name: 'Acme' },
  expires_at: '2027-02-07T12:00:00.000Z',
} as const

export const sessionSchema = Type.Object(
  {
    user: nullable(Type.Object({ id: idSchema, name: Type.String(), role: Type.String({ enum: [...userRoles] }) })),
    api_key: nullable(Type.Object({ id: idSchema, name: Type.String() })),
    scopes: Type.Array(Type.String({ enum: [...apiKeyScopes] })),
    organization: Type.Object({ id: idSchema, name: Type.String() }),
    expires_at: nullable(timeSchema),
    phone_url: Type.Optional(
      Type.String({ description: 'Where the texts can be read as on a phone; only with the simulated carrier.' }),
    ),
  },
  { title: 'Session', description: 'Who asks: a user or an API key; the other one is `null`.', examples: [example] },
)
export type SessionBody = Static<typeof sessionSchema>

export const firstRunSchema = Type.Object(
  { first_run: Type.Boolean({ description: 'Nobody can sign in yet: `textbridge users link` prints a link.' }) },
  { title: 'FirstRun', examples: [{ first_run: false }] },
)
