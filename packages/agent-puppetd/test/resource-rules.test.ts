import { ActionError, Status } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { readPuppetdConfig } from '../src/config.js';
import { checkResource } from '../src/resource-rules.js';

const read = (resource?: unknown) => readPuppetdConfig(resource === undefined ? {} : { resource }).resource;

/** The message of the refusal, or nothing where the resource may be managed. */
function refusal(rules: object, type: string, name: string, properties: readonly string[] = []) {
  try {
    checkResource(read(rules), type, name, properties);
    return undefined;
  } catch (error) {
    expect(error).to.be.instanceOf(ActionError);
    expect(error).to.deep.include({ status: Status.aborted, data: { changed: false } });
    return (error as Error).message;
  }
}

describe('the rules for single resources', () => {
  for (const [rules, type, name, isAllowed] of [
    [{}, 'host', 'a', false],
    [{ allow: ['host'] }, 'host', 'a', true],
    [{ allow: ['host'] }, 'HOST', 'a', true],
    [{ allow: ['host'] }, 'hosts', 'a', false],
    [{ allow: ['host'] }, 'ghost', 'a', false],
    [{ allow: ['h.st'] }, 'host', 'a', false],
    [{ allow: ['/h.st/'] }, 'host', 'a', true],
    [{ allow: ['/h|x/'] }, 'host', 'a', false],
    [{ allow: ['/.*/'] }, 'a\nb', 'a', true],
    [{ allow: ['/.*/'], deny: ['host'] }, 'Host', 'a', false],
    [{ allow: ['/.*/'], deny: ['host'] }, 'file', 'a', true],
    [{ allow: ['host'], names: { host: { allow: ['a'] } } }, 'host', 'a', true],
    [{ allow: ['host'], names: { host: { allow: ['a'] } } }, 'host', 'A', false],
    [{ allow: ['host'], names: { Host: { allow: ['a'] } } }, 'hOst', 'b', false],
    [{ allow: ['host'], names: { host: { deny: ['/a.*/'] } } }, 'host', 'ab', false],
    [{ allow: ['host'], names: { host: { deny: ['/a.*/'] } } }, 'host', 'b', true],
    [{ allow: ['host', 'file'], names: { host: { allow: ['a'] } } }, 'file', 'b', true],
  ] as const)
    it(`${isAllowed ? 'allow' : 'refuse'} ${JSON.stringify(type)} ${JSON.stringify(name)} by ${JSON.stringify(rules)}`, () => {
      const message = refusal(rules, type, name);
      if (isAllowed) expect(message).to.equal(undefined);
      else expect(message).to.include('This node does not permit managing ');
    });

  for (const [rules, type, properties, refused] of [
    [{ allow: ['host'] }, 'host', ['ip', 'x'], undefined],
    [{ allow: ['service'] }, 'service', ['ensure', 'enable'], undefined],
    [{ allow: ['service'] }, 'Service', ['ensure', 'stop', 'start'], 'stop, start of a Service'],
    [{ allow: ['host'], properties: { HOST: ['ip'] } }, 'host', ['ip'], undefined],
    [{ allow: ['host'], properties: { host: ['ip'] } }, 'host', ['ip', 'x'], 'x of a host'],
    [{ allow: ['host'], properties: { host: [] } }, 'host', ['ip'], 'ip of a host'],
    [{ allow: ['service'], properties: { service: ['stop'] } }, 'service', ['stop'], undefined],
  ] as const)
    it(`${refused ? `refuse ${refused}` : 'allow all'} of ${properties.join()} of a ${type} by ${JSON.stringify(rules)}`, () => {
      const message = refusal(rules, type, 'a', properties);
      if (refused === undefined) expect(message).to.equal(undefined);
      else expect(message).to.include(`This node does not permit setting ${refused}`);
    });

  it('keep what Puppet manages from callers unless configured', () => {
    expect(read().managed).to.equal(false);
    expect(read({ managed: true }).managed).to.equal(true);
  });

  for (const [resource, message] of [
    ['all', 'resource: must be object'],
    [['x'], 'resource: must be object'],
    [{ types: [] }, 'resource: unknown key "types"'],
    [{ managed: 1 }, 'resource.managed: must be boolean'],
    [{ allow: 'host' }, 'resource.allow: must be array'],
    [{ deny: [7] }, 'resource.deny.0: must be string'],
    [{ allow: ['/(/'] }, 'resource.allow: /(/ is not a valid regular expression'],
    [{ names: [] }, 'resource.names: must be object'],
    [{ names: { host: 'a' } }, 'resource.names.host: must be object'],
    [{ names: { host: { deny: 'a' } } }, 'resource.names.host.deny: must be array'],
    [{ properties: { host: 'ip' } }, 'resource.properties.host: must be array'],
  ] as const)
    it(`are not valid as ${JSON.stringify(resource)}`, () => expect(() => read(resource)).to.throw(message));
});
