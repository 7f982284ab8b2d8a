/// <reference types="chai" preserve="true" />
import { Status } from '@troupe/core';
import type { CallResult } from './caller.js';

type StatusName = keyof typeof Status;

declare global {
  namespace Chai {
    interface Assertion {
      /** The action succeeded; where outputs are given, its data holds at least these. */
      succeed(outputs?: Readonly<Record<string, unknown>>): void;
      /** The action failed; where given, with this status (a number, or its name in `Status`) and a message that holds or matches this. */
      failWith(status?: number | StatusName, message?: string | RegExp): void;
      /** The call ended so: `denied`, `timeout`, `cancelled` … */
      endAs(outcome: CallResult['outcome']): void;
    }
  }
}

/** Assertions about how a call ended; for `use` of chai. */
export const actionAssertions: Chai.ChaiPlugin = ({ Assertion }, { inspect }) => {
  Assertion.addMethod('succeed', function succeed(outputs?: Readonly<Record<string, unknown>>) {
    const result = resultOf(this);
    const { outcome, data } = result;
    this.assert(
      outcome === 'ok',
      `expected the action to succeed, but ${endOf(result)}`,
      `expected the action not to succeed, but it succeeded with ${inspect(data)}`,
      'ok',
      outcome,
    );
    if (outputs) new Assertion(data).to.deep.include(outputs);
  });

  Assertion.addMethod('failWith', function failWith(wanted?: number | StatusName, message?: string | RegExp) {
    const result = resultOf(this);
    const { outcome, statuscode, statusmsg } = result;
    this.assert(
      outcome === 'failed',
      `expected the action to fail, but ${endOf(result)}`,
      `expected the action not to fail, but ${endOf(result)}`,
      'failed',
      outcome,
    );
    const status = typeof wanted === 'string' ? Status[wanted] : wanted;
    if (status !== undefined) new Assertion(statuscode, `the status (${statusmsg})`).to.equal(status);
    if (typeof message === 'string') new Assertion(statusmsg).to.contain(message);
    else if (message) new Assertion(statusmsg).to.match(message);
  });

  Assertion.addMethod('endAs', function endAs(wanted: CallResult['outcome']) {
    const result = resultOf(this);
    this.assert(
      result.outcome === wanted,
      `expected the outcome "${wanted}", but ${endOf(result)}`,
      `expected another outcome than "${wanted}"`,
      wanted,
      result.outcome,
    );
  });
};

function resultOf(assertion: Chai.AssertionStatic): CallResult {
  const result = assertion._obj as Partial<CallResult> | null | undefined;
  if (typeof result?.outcome === 'string' && typeof result.statusmsg === 'string')
    return result as CallResult;
  throw new TypeError('this assertion requires the result of a call: is an await missing?');
}

function endOf({ outcome, statuscode, statusmsg }: CallResult): string {
  return `the outcome was "${outcome}" with status ${statuscode}: ${statusmsg}`;
}
