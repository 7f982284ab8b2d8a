import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import {
  earlierNodes,
  forgetNode,
  knownNodes,
  rememberNodes,
  type SeenNodes,
} from '../../src/call/node-cache.js';

const day = 86_400_000;
const now = 20_000 * day;
const config = {
  broker: { urls: ['mqtts://a', 'mqtts://b'], keepalive: 30 },
  collectives: ['mcollective'],
};

describe('the nodes that mco keeps', () => {
  let folder: TempFolder;
  const cache = process.env.XDG_CACHE_HOME;
  beforeEach(async () => {
    folder = await createTempFolder();
    process.env.XDG_CACHE_HOME = folder.path;
  });
  afterEach(async () => {
    if (cache === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = cache;
    await folder.close();
  });

  const remember = (seen: Partial<SeenNodes>, at = now, collective = 'mcollective') =>
    rememberNodes(config, collective, { alive: [], offline: [], isWhole: true, ...seen }, at);
  const earlier = (at = now) => earlierNodes(config, 'mcollective', at);

  it('are not known before the first call', () => {
    expect(earlier()).to.equal(undefined);
    expect(knownNodes(config)).to.deep.equal([]);
  });

  it('are those that were alive', () => {
    remember({ alive: ['far', 'near'] });
    expect(earlier()).to.deep.equal(['far', 'near']);
  });

  it('stay until they have not been seen for a week', () => {
    remember({ alive: ['far'] });
    remember({ alive: ['near'] }, now + 3 * day);
    expect(earlier(now + 7 * day)).to.deep.equal(['far', 'near']);
    expect(earlier(now + 8 * day)).to.deep.equal(['near']);
    remember({ alive: ['far'] }, now + 7 * day);
    expect(earlier(now + 14 * day)).to.deep.equal(['far']);
  });

  it('are not awaited if they were offline only', () => {
    remember({ offline: ['off'] });
    expect(earlier()).to.deep.equal([]);
    expect(knownNodes(config)).to.deep.equal(['off']);
  });

  it('do not include those that were forgotten', () => {
    remember({ alive: ['web1', 'web2'] });
    expect(forgetNode(config, 'mcollective', 'web1', now)).to.equal(true);
    expect(forgetNode(config, 'mcollective', 'web1', now)).to.equal(false);
    expect(forgetNode(config, 'other', 'web2', now)).to.equal(false);
    expect(earlier()).to.deep.equal(['web2']);
  });

  it('are kept for each collective', () => {
    remember({ alive: ['other'] }, now, 'other');
    expect(earlier()).to.equal(undefined);
  });

  it('are offered by completion: those seen now, and before a call with a filter the others as well', () => {
    const today = Date.now();
    remember({ alive: ['b', 'a'], offline: ['off'] }, today);
    expect([...knownNodes(config)].sort()).to.deep.equal(['a', 'b', 'off']);
    remember({ alive: ['c'], isWhole: false }, today);
    expect([...knownNodes(config)].sort()).to.deep.equal(['a', 'b', 'c', 'off']);
    remember({ alive: ['c'], isWhole: true }, today);
    expect([...knownNodes(config)].sort()).to.deep.equal(['a', 'b', 'c']);
  });
});
