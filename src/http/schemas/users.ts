import { type Static, Type } from 'typebox'
import { type User, type UserRole, userNameLengthMax, userRoles } from '../../core/user.ts'
import { idSchema, nullable, timeOf, timeSchema } from './common.ts'

const roleSchema = Type.Unsafe<UserRole>(
  Type.String({
    enum: [...userRoles],
    description:
      'A `viewer` reads; an `operator` sends, pauses, and decides about texts and opt-outs too; an `owner` may do everything.',
  }),
)
const nameSchema = Type.String({ minLength: 1, maxLength: userNameLengthMax, pattern: '\\S' })

export const userCreateSchema = Type.Object(
  { name: nameSchema, role: roleSchema },
  { title: 'UserCreate', examples: [{ name: 'ben@example.com', role: 'operator' }] },
)

export const userUpdateSchema = Type.Object(
  { name: Type.Optional(nameSchema), role: Type.Optional(roleSchema) },
  { title: 'UserUpdate', description: 'What is not given stays as it is.', examples: [{ role: 'viewer' }] },
)

const example = {
  id: 2,
  name: 'ben@example.com',
  role: 'operator',
  has_password: false,
  created_at: '2027-01-31T12:00:00.000Z',
  updated_at: '2027-01-31T12:00:00.000Z',
  last_signed_in_at: null,
} as const

export const userSchema = Type.Object(
  {
    id: idSchema,
    name: Type.String(),
    role: roleSchema,
    has_password: Type.Boolean({ description: 'False: the person has yet to open their link.' }),
    created_at: timeSchema,
    updated_at: timeSchema,
    last_signed_in_at: nullable(timeSchema),
  },
  { title: 'User', examples: [example] },
)

export const usersSchema = Type.Array(userSchema, { examples: [[example]] })

const linkExample = {
  url: 'https://sms.example.com/console#link=pu3N0bGq8a5Jm2cUqk3sIq1b7Yw0Vt9xZr4LhXeD6fE',
  expires_at: '2027-02-01T12:00:00.000Z',
}

export const linkSchema = Type.Object(
  {
    url: Type.String({
      description: 'For that person alone: it lets in whoever opens it, once. It is shown this once.',
    }),
    expires_at: timeSchema,
  },
  { title: 'SignInLink', examples: [linkExample] },
)

export const userCreatedSchema = Type.Object(
  { user: userSchema, link: linkSchema },
  { title: 'UserCreated', examples: [{ user: example, link: linkExample }] },
)

export function userBodyOf(user: User): Static<typeof userSchema> {
  return {
    id: user.id,
    name: user.name,
    role: user.role,
    has_password: user.passwordHash !== undefined,
    created_at: timeOf(user.createdAt),
    updated_at: timeOf(user.updatedAt),
    last_signed_in_at: user.lastSignedInAt === undefined ? null : timeOf(user.lastSignedInAt),
  }
}
