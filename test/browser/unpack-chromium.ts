/**
 * Unpacks Chromium and its fonts and libraries into the folder of temporary files of this process:
 * its package puts them nowhere else.
 */
import { fileURLToPath } from 'node:url'
import packed, { inflate } from '@sparticuz/chromium'

await packed.executablePath()
await inflate(fileURLToPath(new URL('../bin/al2023.tar.br', import.meta.resolve('@sparticuz/chromium'))))
