import { TroupeError } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { checkBrokerConfig, parseBrokerConfig } from '../src/config.js';

function faultOf(text: string): string {
  try {
    parseBrokerConfig(text, 'broker.yaml');
  } catch (error) {
    expect(error).to.be.instanceOf(TroupeError).with.property('code', 'CONFIG_INVALID');
    return (error as Error).message;
  }
  return '';
}

describe('the configuration', () => {
  it('needs nothing but an address', () => {
    const config = parseBrokerConfig('listen: ["mqtts://0.0.0.0:8883"]', 'broker.yaml');
    expect(config.security).to.eql({ mode: 'x509', callers: { match: '/\\.mcollective$/' } });
    expect(config.enrolment).to.eql({ collective: 'provisioning' });
    expect(config.topics).to.eql({ escape: false });
    expect(config.limits).to.include({ payload_bytes: 1_048_576, subscriptions: 256, drain_timeout: 10 });
    expect(Object.isFrozen(config.limits)).to.equal(true);
  });

  for (const [text, fault] of [
    ['limits: {}', '"listen" is missing'],
    ['listen: []', 'listen: '],
    ['listen: ["mqtt://127.0.0.1"]\nlimts: {}', 'unknown key "limts"'],
    ['listen: ["mqtt://127.0.0.1"]\nlimits: {payload: 1}', 'limits: unknown key "payload"'],
    ['listen: ["mqtt://127.0.0.1"]\nlimits: {subscriptions: 0}', 'limits.subscriptions: must be >= 1'],
    ['listen: ["mqtt://127.0.0.1"]\nsecurity: {mode: token}', 'security.mode: must be one of x509, none'],
    ['listen: ["mqtt://127.0.0.1"]\nenrolment: {collective: "a/b"}', 'enrolment.collective: '],
    ['listen: [', 'broker.yaml:1:'],
  ] as const) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(faultOf(text)).to.include(fault);
    });
  }

  it('leaves the object it is given as it is', () => {
    const given = { listen: ['mqtt://127.0.0.1:0'] };
    expect(checkBrokerConfig(given).log).to.eql({ level: 'info', format: 'auto' });
    expect(given).to.eql({ listen: ['mqtt://127.0.0.1:0'] });
  });
});
