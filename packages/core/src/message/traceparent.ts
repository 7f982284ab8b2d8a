/** The form of version 00 of W3C Trace Context. */
export const traceparentPattern = '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$';

const form = new RegExp(traceparentPattern);
// Zeros mean that there is no trace, or no parent.
const none = /^00-0{32}|-0{16}-..$/;

/** Whether a text is the context of a trace: W3C Trace Context, version 00. */
export function isTraceparent(text: string): boolean {
  return form.test(text) && !none.test(text);
}
