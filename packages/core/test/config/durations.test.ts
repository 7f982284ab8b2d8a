import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parseConfig } from '../../src/config/load.js';
import { section, sections } from '../../src/config/sections.js';

const seconds = { type: 'number', minimum: 1, format: 'seconds' } as const;
const schema = section({
  wait: seconds,
  broker: sections.broker,
  steps: { type: 'object', additionalProperties: section({ timeout: seconds }), default: {} },
  name: { type: 'string' },
});
const read = (text: string) => parseConfig(text, schema, 'x.yaml');

describe('durations in a configuration', () => {
  it('are seconds, or texts with a unit, at any depth', () => {
    expect(read('wait: 90').wait).to.equal(90);
    expect(read('wait: 5m').wait).to.equal(300);
    expect(read('broker: { keepalive: 1m }').broker.keepalive).to.equal(60);
    expect(read('steps: { verify: { timeout: 1h30m } }').steps.verify).to.deep.equal({ timeout: 5400 });
  });

  it('are refused if they are none, or beyond the limits of their key', () => {
    expect(() => read('wait: soon')).to.throw(
      'x.yaml: wait: must be a duration: a number of seconds, or a text such as 90s, 5m or 1h',
    );
    expect(() => read('wait: 500ms')).to.throw('wait: must be >= 1');
  });

  it('leave other texts alone', () => expect(read('name: 5m').name).to.equal('5m'));
});
