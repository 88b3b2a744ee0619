import { codeTable } from '../../../test/support/code-table.ts'
import { reasonByTelnyxCode, reasonByTelnyxReceiptCode } from './status.ts'

// After Telnyx's messaging error page: https://developers.telnyx.com/docs/messaging/messages/error-codes
codeTable('telnyx, on sending', reasonByTelnyxCode, {
  worthRepeatingLater: [10011, 40151, 40315, 40318, 40320],
  uselessToRepeat: [
    10002, 10003, 10004, 10005, 10006, 10009, 10010, 10015, 10016, 20002, 20006, 20012, 20013, 20014, 20015, 20016,
    20017, 20100, 40100, 40150, 40300, 40301, 40302, 40304, 40305, 40306, 40308, 40309, 40310, 40311, 40312, 40313,
    40314, 40316, 40317, 40319, 40321, 40322, 40328, 40329, 40333,
  ],
  optedOut: 40300,
})

codeTable('telnyx, after it took the message', reasonByTelnyxReceiptCode, {
  worthRepeatingLater: [40006, 40011, 40016, 40018],
  // Of these, 40002, 40004 and 40008 may pass another time or in other words, and 40005 and 40014 once they are still
  // wanted: that is for a person to say.
  uselessToRepeat: [40001, 40002, 40003, 40004, 40005, 40007, 40008, 40009, 40010, 40012, 40013, 40014, 40015, 40017],
})
