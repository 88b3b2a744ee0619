import { join } from 'node:path'
import { defineConfig } from 'vite'

/** The simulator's page: apart from the console, which must not need a simulator. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/phone/',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: join(import.meta.dirname, 'dist'),
    emptyOutDir: true,
    target: 'es2023',
    // A data: URL would need an exception in the policy of the page.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: Object.fromEntries(
      ['overview', 'thread', 'next', 'stream']
        .map((name) => `/phone/${name}`)
        .concat('/inbound', '/media', '/pictures')
        .map((path) => [path, 'http://localhost:3001']),
    ),
  },
})
