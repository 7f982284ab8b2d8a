import { ActionError, type AnyHandler, type DataResult, type Host, readReceipt, Status } from '@troupe/core';

type Handlers = Readonly<Record<string, AnyHandler>>;

/**
 * The handlers of an external provision agent, with the part of two actions that only the daemon can do: the program
 * checks the lease, and after its success the daemon keeps the receipt, or reads its configuration again.
 */
export function withHostPart(handlers: Handlers, host: Pick<Host, 'reload' | 'acceptReceipt'>): Handlers {
  const { accept_receipt: accept, restart } = handlers;
  return {
    ...handlers,
    ...(accept && {
      accept_receipt: async (input, context) => {
        const output = await accept(input, context);
        return { ...(output as object), serial: await keepReceipt(input, host) };
      },
    }),
    ...(restart && {
      restart: async (input, context) => {
        const output = await restart(input, context);
        host.reload();
        return { restarting: true, ...(output as object) };
      },
    }),
  };
}

async function keepReceipt(
  { receipt }: Readonly<Record<string, unknown>>,
  host: Pick<Host, 'acceptReceipt'>,
): Promise<string> {
  if (!host.acceptReceipt)
    throw new ActionError('this host has no enrolment token, so it needs no receipt', Status.aborted);
  try {
    await host.acceptReceipt(String(receipt));
    return readReceipt(String(receipt)).serial;
  } catch (cause) {
    throw new ActionError(`the receipt is refused: ${(cause as Error).message}`, Status.aborted, { cause });
  }
}

/** The outputs of the data plugin `provision`, from those of the action `status`. */
export function provisionData(status: Readonly<Record<string, unknown>>): DataResult {
  const { lease, steps, done, quarantined } = status;
  const hasOpenStep = Array.isArray(steps) && steps.some((step) => outcomeOf(step) === 'started');
  const isOver = done === true || quarantined === true;
  return {
    locked: status.locked === true,
    disabled: status.disabled === true,
    quarantined: quarantined === true,
    done: done === true,
    // Over, and people were notified.
    finished: isOver && !hasOpenStep,
    step: textOrNull(status.step),
    owner: textOrNull((lease as { owner?: unknown } | null | undefined)?.owner),
  };
}

function outcomeOf(step: unknown): unknown {
  return (step as { outcome?: unknown } | null)?.outcome;
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
