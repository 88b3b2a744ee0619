/** Where commands write; tests give their own. */
export type Output = {
  /** One line of a result. */
  line(text: string): void
  /** One line about the work, for people: never mixed into a result that a program reads. */
  note(text: string): void
  /** A person reads what is printed, and nothing keeps it. */
  readonly isTerminal: boolean
}

export const processOutput: Output = {
  line: (text) => void process.stdout.write(`${text}\n`),
  note: (text) => void process.stderr.write(`${text}\n`),
  isTerminal: process.stdout.isTTY === true && process.stderr.isTTY === true,
}
