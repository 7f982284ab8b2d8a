import { createRequire } from 'node:module';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { connect } from '../src/index.js';

describe('require', () => {
  const require = createRequire(import.meta.url);

  it('gives programs in CommonJS the client, and the very same one as import', () => {
    expect(require('@troupe/client').connect).to.equal(connect);
    expect(require('@troupe/client/application')).to.have.property('JsonOutput');
    expect(require('@troupe/core')).to.have.property('ActionError');
  });
});
