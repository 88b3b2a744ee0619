import { render } from 'preact'
import { Console } from './console.tsx'
import { makeLive } from './live.ts'
import { makeRouter } from './router.ts'

const place = document.getElementById('app')
if (place === null) throw new Error('index.html has no #app')
render(<Console router={makeRouter(window)} live={makeLive(document)} />, place)
