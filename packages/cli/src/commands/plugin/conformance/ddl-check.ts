import type { ActionDdl, Ddl } from '@troupe/core';
import contract from '@troupe/ddl/provision.json' with { type: 'json' };

/** The actions that no provision agent can lack. */
const indispensable = ['status', 'record', 'quarantine', 'release', 'has_cert', 'disable_provisioner'];

/** What the DDL of an agent lacks of the contract, one line each. */
export function ddlFaults({ actions }: Pick<Ddl, 'actions'>): readonly string[] {
  const byName = new Map(actions.map((action) => [action.action, action]));
  const missing = indispensable
    .filter((name) => !byName.has(name))
    .map((name) => `the DDL lacks the action ${name}`);
  const wanted = contract.actions as unknown as readonly ActionDdl[];
  const faults = wanted.flatMap((action) => {
    const given = byName.get(action.action);
    return given === undefined ? [] : actionFaults(action, given);
  });
  return [...missing, ...faults];
}

function actionFaults(wanted: ActionDdl, given: ActionDdl): readonly string[] {
  const name = wanted.action;
  const inputs = Object.entries(wanted.input).flatMap(([key, { type, optional }]) => {
    const input = given.input[key];
    if (input === undefined) return [`the action ${name} lacks the input ${key}`];
    if (input.type !== type)
      return [`the input ${key} of ${name} has the type ${input.type}, and must have ${type}`];
    return optional && !input.optional ? [`the input ${key} of ${name} must be optional`] : [];
  });
  const known = new Set(Object.keys(wanted.input));
  const added = Object.entries(given.input)
    .filter(([key, { optional }]) => !known.has(key) && !optional)
    .map(([key]) => `the additional input ${key} of ${name} must be optional`);
  // A request that changes something runs once, whatever is lost.
  const isMutating = (action: ActionDdl) => action.mutating !== false;
  const mutating =
    isMutating(wanted) === isMutating(given) ? [] : [`mutating of ${name} must be ${isMutating(wanted)}`];
  return [...inputs, ...added, ...mutating];
}
