import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Frame, makeFrameReader } from './http-frames.ts'

const first = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none'
const second = 'HTTP/1.1 201 Created\r\ncontent-length:0\r\nx: y\r\n\r\n'

test('messages come out whole and in order, however the stream was cut', () => {
  const stream = Buffer.from(first + second + first)
  for (let size = 1; size <= stream.length; size++) {
    const frames: Frame[] = []
    const read = makeFrameReader((frame) => frames.push(frame))
    for (let at = 0; at < stream.length; at += size) read(stream.subarray(at, at + size))
    assert.deepEqual(
      frames.map(({ body }) => body),
      ['one', '', 'one'],
    )
  }
})
