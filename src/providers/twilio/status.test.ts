import { codeTable } from '../../../test/support/code-table.ts'
import { reasonByTwilioCode } from './status.ts'

// After Twilio's error catalogue: https://www.twilio.com/docs/api/errors
codeTable('twilio', reasonByTwilioCode, {
  worthRepeatingLater: [14107, 20429, 21611, 21702],
  uselessToRepeat: [
    20003, 20005, 20006, 20008, 20404, 21211, 21212, 21408, 21602, 21603, 21604, 21606, 21608, 21609, 21610, 21612,
    21614, 21617, 21619, 21620, 21621, 21623, 21701, 21703, 21704, 21705,
  ],
  optedOut: 21610,
})
