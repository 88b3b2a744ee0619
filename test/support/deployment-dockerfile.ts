/** One line of a Dockerfile: `COPY --from=base a b` has the name COPY, the flag from, and the text `a b`. */
export type Instruction = {
  readonly name: string
  readonly flags: Readonly<Record<string, string>>
  readonly text: string
}
/** From one FROM to the next. */
export type Stage = {
  readonly base: string
  readonly name: string | undefined
  readonly instructions: readonly Instruction[]
}

/** As much of the format as this project uses; heredocs and build arguments are not. */
export function parseDockerfile(text: string): Stage[] {
  const stages: { base: string; name: string | undefined; instructions: Instruction[] }[] = []
  for (const line of logicalLines(text)) {
    const instruction = parseInstruction(line)
    if (instruction.name !== 'FROM') {
      const stage = stages.at(-1)
      if (stage === undefined) throw new Error(`this stands before the first FROM: ${line}`)
      stage.instructions.push(instruction)
      continue
    }
    const [base = '', , name] = instruction.text.split(/\s+/)
    stages.push({ base, name, instructions: [] })
  }
  return stages
}

/** `["node", "-e", "…"]`, the form that needs no shell. */
export function parseExecForm(text: string): string[] {
  const words: unknown = JSON.parse(text)
  if (!Array.isArray(words)) throw new Error(`this is not a list of words: ${text}`)
  return words.map(String)
}

/** `A=1 B=2`, without quotes or spaces in values. */
export function parsePairs(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(/\s+/).map((pair) => {
      const [, name, value] = /^(\w+)=([^"'\s]*)$/.exec(pair) ?? []
      if (name === undefined || value === undefined) throw new Error(`this is not NAME=value: ${pair}`)
      return [name, value]
    }),
  )
}

function logicalLines(text: string): string[] {
  return text
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

function parseInstruction(line: string): Instruction {
  const words = line.split(/\s+/)
  const flagCount = words.slice(1).findIndex((word) => !word.startsWith('--'))
  const flags = words.slice(1, 1 + flagCount).map((word) => {
    const [name = '', ...value] = word.slice(2).split('=')
    return [name, value.join('=')]
  })
  const text = line.replace(new RegExp(`^(\\S+\\s+){${1 + flagCount}}`), '')
  return { name: (words[0] ?? '').toUpperCase(), flags: Object.fromEntries(flags), text }
}
