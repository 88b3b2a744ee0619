/** Makes the two pictures of the README, with `node test/browser/pictures.ts`: what they show is the demo as it is. */
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { type Desk, goTo, nell, signInFirst, startDesk, tilly } from './desk.ts'

const person = '+12025550199'
const folder = fileURLToPath(new URL('../../docs/images/', import.meta.url))
const look = { theme: 'light', width: 1280 } as const

const desk = await startDesk()
try {
  const { page } = await desk.openTab({ look })
  await signInFirst(page, desk)
  const phone = await desk.openPhone(person, tilly, { look })
  await talk(desk, phone.page)
  await goTo(page, desk, `/messages`)
  await page.locator('.log a').nth(10).waitFor()
  await page.locator('.badge.busy').first().waitFor({ state: 'detached' })
  await page.screenshot({ path: `${folder}console.png`, clip: { x: 0, y: 0, width: look.width, height: 745 } })
  await phone.page.screenshot({ path: `${folder}phone.png`, clip: { x: 0, y: 0, width: look.width, height: 830 } })
} finally {
  await desk.close()
}

async function talk({ send, carrier }: Desk, phone: Page): Promise<void> {
  const arrive = (text: string) => phone.locator('.bubble .body', { hasText: text }).last().waitFor()
  const answer = async (body: string) => {
    await carrier('POST', '/inbound', { from: person, to: tilly, body })
    await arrive(body)
  }
  await send('+12025550117', 'Your table for six is booked for Friday, 20:00.')
  await send('+12025550118', 'Your order 4711 is on its way.', { from_phone_number: nell })
  await send('+15005550009', 'Your order 4712 is on its way.', { from_phone_number: nell })
  await send('+15005550601', 'Your table is free until 18:00. Shall we keep it?')
  await send('+12025550119', 'Thank you for your visit! See you soon.', { from_phone_number: nell })
  await send(person, 'Hi! Your table for two is booked for tonight, 19:30. Reply C to confirm.')
  await arrive('Reply C to confirm')
  await answer('C, thank you!')
  await send(person, 'Confirmed. We look forward to seeing you!')
  await arrive('We look forward')
  await answer('Is there parking nearby?')
  await send(person, 'Yes: behind the house, free after 18:00.')
  await arrive('behind the house')
  await answer('Perfect, thank you.')
}
