/** The exit codes of `mcprovision`. */
export const ExitCode = { ok: 0, error: 1, quarantined: 2, noAnswer: 3, interrupted: 130 } as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** What `--help` says of them. */
export const exitCodes = `
Exit codes:
    0  all is well
    1  wrong use, or the configuration or the broker is at fault
    2  a node ended in quarantine (run --once, run --until-idle, simulate: it is in quarantine)
    3  the node that was named does not answer
  130  interrupted twice

An error ends with its code in brackets: docs/troubleshooting.md and mco help CODE explain it.
`;
