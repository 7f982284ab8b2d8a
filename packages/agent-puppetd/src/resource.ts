import { ActionError, type ActionOf, type Context, type InputOf, type OutputOf, Status } from '@troupe/core';
import type ddl from '@troupe/ddl/puppetd.json';
import type { Puppet } from './puppet/index.js';
import { checkResource, type ResourceRules } from './resource-rules.js';

type Resource = ActionOf<typeof ddl, 'resource'>;

/** Manages one resource, if the rules of this node permit it; throws an ActionError otherwise. */
export async function manageResource(
  puppet: Puppet,
  rules: ResourceRules,
  input: InputOf<Resource>,
  { signal, log }: Context,
): Promise<OutputOf<Resource>> {
  const { type, name, noop = false, ...properties } = input;
  checkResource(rules, type, name, Object.keys(properties));
  for (const [property, value] of Object.entries(properties)) {
    if (value !== null && value !== undefined) continue;
    throw new ActionError(`Property ${property} has no value`, Status.invalidData);
  }
  if (!rules.managed && (await puppet.isManaged(`${type}[${name}]`))) {
    throw new ActionError(
      `Cannot manage ${type}[${name}]: it is in this node's Puppet catalog, so the next run would change it back; to permit it, set plugins.puppetd.resource.managed`,
    );
  }
  const status = await puppet.status();
  if (!status.enabled) throw new ActionError(`Puppet is disabled: '${status.disable_message}'`);
  if (status.applying) throw new ActionError('Puppet is applying a catalog; try again later');
  const verdict = await puppet.apply({ type, title: name, properties, noop }, { signal });
  // Not the values: they may be secrets.
  log.info({ type, name, properties: Object.keys(properties), changed: verdict.changed }, verdict.reason);
  const output = { result: verdict.reason, changed: verdict.changed, messages: [...verdict.messages] };
  if (!verdict.ok) throw new ActionError(verdict.reason, Status.aborted, { data: output });
  return output;
}
