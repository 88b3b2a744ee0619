import { codeTable } from '../../../test/support/code-table.ts'
import { reasonByTwilioCode, reasonByTwilioReceiptCode } from './status.ts'

// After Twilio's error catalogue: https://www.twilio.com/docs/api/errors
codeTable('twilio, on sending', reasonByTwilioCode, {
  worthRepeatingLater: [14107, 20429, 21611, 21702],
  uselessToRepeat: [
    20003, 20005, 20006, 20008, 20404, 21211, 21212, 21408, 21602, 21603, 21604, 21606, 21608, 21609, 21610, 21612,
    21614, 21617, 21619, 21620, 21621, 21623, 21701, 21703, 21704, 21705,
  ],
  optedOut: 21610,
})

// 30004 may be an opt-out, a do-not-call list or the carrier: too little to stop texting a person for good.
codeTable('twilio, after it took the message', reasonByTwilioReceiptCode, {
  worthRepeatingLater: [30001, 30003, 30017, 30022, 30023, 30027, 30035, 30450],
  // With care alone, since the message may have arrived: 30008 and 30410.
  uselessToRepeat: [30002, 30004, 30005, 30006, 30007, 30008, 30019, 30032, 30034, 30410],
})
