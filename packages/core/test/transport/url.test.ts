import { expect } from 'chai';
import { describe, it } from 'mocha';
import { endpointOf } from '../../src/transport/url.js';

describe('the endpoint of a broker', () => {
  for (const [url, expected] of [
    ['mqtts://broker.example.net:8883', { protocol: 'mqtts', host: 'broker.example.net', port: 8883 }],
    ['mqtt://127.0.0.1', { protocol: 'mqtt', host: '127.0.0.1' }],
    ['mqtts://[fd00::1]:8883', { protocol: 'mqtts', host: 'fd00::1', port: 8883 }],
    ['mqtts://a:b%40c@h:1', { protocol: 'mqtts', host: 'h', port: 1, username: 'a', password: 'b@c' }],
    ['mqtts://h:1/?clientId=other', { protocol: 'mqtts', host: 'h', port: 1 }],
  ] as const) {
    it(`of ${url} is ${JSON.stringify(expected)}`, () => {
      expect(endpointOf(url)).to.deep.equal(expected);
    });
  }
});
