/** The severity: ok, something to look after, or something that does not work. */
export type Level = 'ok' | 'warn' | 'fault';

/** The result of a check: one line, with what to do if something is to be done. */
export interface Finding {
  readonly level: Level;
  /** What was checked, in a word. */
  readonly subject: string;
  readonly message: string;
}

/** Makes the findings of one subject. */
export function about(subject: string) {
  return {
    ok: (message: string): Finding => ({ level: 'ok', subject, message }),
    warn: (message: string): Finding => ({ level: 'warn', subject, message }),
    fault: (message: string): Finding => ({ level: 'fault', subject, message }),
  };
}
