import { expect } from 'chai';
import { describe, it } from 'mocha';
import { parseDaemonConfig } from '../src/config.js';

describe('the daemon configuration', () => {
  it('has defaults for everything but the certificates', () => {
    const config = parseDaemonConfig('');
    expect(config.collectives).to.deep.equal(['mcollective']);
    expect(config.security.mode).to.equal('x509');
    expect(config.limits.concurrency).to.equal(20);
    expect(Object.isFrozen(config.limits)).to.equal(true);
  });

  for (const [text, expected] of [
    ['colectives: [a]', 'x.yaml: unknown key "colectives" (did you mean "collectives"?)'],
    ['security: { mode: psk }', 'x.yaml: security.mode: must be one of x509, token, none'],
    ['limits: { concurrency: 0 }', 'x.yaml: limits.concurrency: must be >= 1'],
    [
      'broker: { urls: [http://x] }',
      'x.yaml: broker.urls.0: must be a URL such as mqtts://broker.example.net:8883',
    ],
    ['broker: { urls: ["mqtt://h:188311"] }', 'x.yaml: broker.urls.0: must be a URL such as'],
    ['a: [', 'x.yaml:1:5: not valid YAML: [ is not closed: add ]'],
  ] as const) {
    it(`says of ${JSON.stringify(text)} what is wrong and where`, () => {
      expect(() => parseDaemonConfig(text, 'x.yaml')).to.throw(expected);
    });
  }

  it('names all faults at once', () => {
    expect(() => parseDaemonConfig('agents: 1\nidentity: A')).to.throw(/identity.*agents|agents.*identity/);
  });
});
