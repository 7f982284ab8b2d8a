import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileDdl, parseDdl } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { hostAgent, mockAgent, plausibleOutput } from '../../src/index.js';
import { gauge } from './gauge.js';

const folder = dirname(fileURLToPath(import.meta.resolve('@troupe/ddl/rpcutil.json')));

describe('mockAgent', () => {
  it('answers with what fits the DDL: every action of every agent of Troupe', async () => {
    const files = (await readdir(folder)).filter(
      (name) => name.endsWith('.json') && !name.includes('.d.') && name !== 'package.json',
    );
    expect(files).to.include('rpcutil.json');
    for (const file of files) {
      const ddl = parseDdl(await readFile(join(folder, file), 'utf8'), file);
      const compiled = compileDdl(ddl, { unknownValidators: 'skip' });
      for (const action of compiled.actions.values())
        expect(action.checkOutput(plausibleOutput(action.ddl)), `${file} ${action.name}`).to.equal(undefined);
    }
  });

  it('does what it is told to do instead', async () => {
    await using hosted = await hostAgent(
      gauge,
      mockAgent(gauge, { read: ({ name = 'x' }) => ({ value: name.length }) }),
    );
    expect((await hosted.call('read', { name: 'abc' })).data).to.deep.equal({ value: 3, unit: 'K' });
    expect((await hosted.call('watch', {})).outcome).to.equal('ok');
  });

  it('tells of an output that the DDL does not declare', async () => {
    const wrong = mockAgent(gauge, { read: { value: 'hot' } as never });
    await using hosted = await hostAgent(gauge, wrong);
    const told = await hosted.call('read', {}).catch(String);
    expect(told).to.contain('gauge#read: the result does not match the DDL: output value must be number');
  });

  it('knows no actions but those of the DDL', () => {
    expect(() => mockAgent(gauge, { rread: {} } as never)).to.throw(
      'cannot override "rread": the DDL of gauge does not declare this action',
    );
    // @ts-expect-error an output of the wrong type
    mockAgent(gauge, { read: { value: 'hot' } });
  });
});
