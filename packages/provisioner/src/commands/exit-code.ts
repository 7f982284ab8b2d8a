/** The exit codes of `mcprovision`. */
export const ExitCode = { ok: 0, error: 1, quarantined: 2, noAnswer: 3, interrupted: 130 } as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Their description in `--help`. */
export const exitCodes = `
Exit codes:
    0  success
    1  invalid arguments or configuration, no connection to the broker, or another error
    2  a node was quarantined (run --once, run --until-idle), or it is or would be quarantined (simulate)
    3  the node did not reply, or no provisioner was found (pause, resume)
  130  interrupted twice

Each error ends with a code in brackets, explained in docs/troubleshooting.md and by mco help CODE.
`;
