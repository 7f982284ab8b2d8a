import { isTraceparent, TroupeError } from '@troupe/core';

/** Throws INPUT_INVALID if a text is not the context of a trace. */
export function checkTraceparent(text: string): void {
  if (!isTraceparent(text))
    throw new TroupeError(
      'INPUT_INVALID',
      `${JSON.stringify(text.slice(0, 80))} is not a traceparent: it must be a W3C Trace Context of version 00 (00-TRACE-PARENT-FLAGS)`,
    );
}
