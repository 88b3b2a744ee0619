/**
 * Builds the console, and the phone page of the simulator, after `npm ci`, so that `npm start` has them. Without the
 * development packages there is nothing to build with: then the folder `console/dist` comes from elsewhere (the container
 * image copies it), or /console says so.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const packages = join(import.meta.dirname, '..', 'node_modules')
if (existsSync(join(packages, 'vite')) && existsSync(join(packages, 'preact'))) {
  const { build } = await import('vite')
  for (const configFile of ['vite.config.ts', 'phone/vite.config.ts'])
    await build({ configFile: join(import.meta.dirname, configFile), logLevel: 'warn' })
} else {
  process.stderr.write('The console was not built: it needs the development packages (npm ci without --omit=dev).\n')
}
