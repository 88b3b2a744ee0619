import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type FailureReason, traitsOf } from '../../src/core/failure.ts'

/** What the provider says of each of its codes, against the reasons that its adapter gives them. */
export function codeTable(
  codesOf: string,
  reasonByCode: Readonly<Record<number, FailureReason>>,
  codes: {
    readonly worthRepeatingLater: readonly number[]
    readonly uselessToRepeat: readonly number[]
    readonly optedOut?: number
  },
): void {
  suite(`error codes of ${codesOf}`, () => {
    const { worthRepeatingLater, uselessToRepeat, optedOut } = codes

    test('each code that the provider documents has a reason, and no other code has', () => {
      const documented = [...worthRepeatingLater, ...uselessToRepeat].map(String)
      assert.deepEqual(Object.keys(reasonByCode).toSorted(), documented.toSorted())
    })

    test('a repeat is advised where the provider advises one, and nowhere else', () => {
      const retryable = Object.entries(reasonByCode).filter(([, reason]) => traitsOf(reason).retryable)
      assert.deepEqual(
        retryable.map(([code]) => Number(code)),
        worthRepeatingLater,
      )
    })

    test(`${optedOut === undefined ? 'none' : 'one code alone'} says that the recipient has opted out`, () => {
      const codesOfOptOut = Object.entries(reasonByCode).filter(([, reason]) => reason === 'recipient_opted_out')
      assert.deepEqual(
        codesOfOptOut.map(([code]) => Number(code)),
        optedOut === undefined ? [] : [optedOut],
      )
    })
  })
}
