import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { compileDdl } from '../../src/ddl/compile.js';
import { lintDdl } from '../../src/ddl/lint.js';
import { parseDdl } from '../../src/ddl/load.js';

const folder = dirname(createRequire(import.meta.url).resolve('@troupe/ddl/rpcutil.json'));
const files = readdirSync(folder).filter((file) => file.endsWith('.json') && file !== 'package.json');

describe('the DDLs that come with Troupe', () => {
  for (const file of files) {
    it(`${file} is right, and says of each action whether it changes the host`, () => {
      const ddl = parseDdl(readFileSync(join(folder, file), 'utf8'), file);
      expect(`${ddl.metadata.name}.json`).to.equal(file);
      for (const action of compileDdl(ddl, { unknownValidators: 'skip' }).actions.values()) {
        // Compiles the check too.
        expect(action.checkInput({ 'no such input': 1 })?.status).to.be.oneOf([3, 4]);
        expect(action.ddl.mutating, action.name).to.be.a('boolean');
      }
    });
  }

  it("rpcutil has MCollective's nine actions, which change nothing and always show", () => {
    const ddl = parseDdl(readFileSync(join(folder, 'rpcutil.json'), 'utf8'), 'rpcutil.json');
    expect(ddl.actions.map(({ action }) => action).sort()).to.deep.equal([
      'agent_inventory',
      'collective_info',
      'daemon_stats',
      'get_config_item',
      'get_data',
      'get_fact',
      'get_facts',
      'inventory',
      'ping',
    ]);
    expect(ddl.actions.every(({ mutating, display }) => mutating === false && display === 'always')).to.equal(
      true,
    );
    expect(lintDdl(ddl)).to.deep.equal([]);
  });
});
