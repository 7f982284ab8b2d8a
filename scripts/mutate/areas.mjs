const core = (...places) => places.map((place) => `packages/core/src/${place}`);
const daemon = (...places) => places.map((place) => `packages/daemon/src/${place}`);

/** What `npm run mutate` covers: the sources of each area (globs), and the packages whose unit tests must notice. */
export const areas = [
  {
    name: 'security',
    files: [...core('security/**', 'message/**'), ...daemon('audit/**')],
    tests: ['core', 'daemon'],
  },
  { name: 'policy', files: daemon('policy/**'), tests: ['daemon'] },
  {
    name: 'daemon',
    files: [...daemon('**'), ...core('agent/**')],
    except: daemon('policy/**', 'audit/**'),
    tests: ['daemon', 'core'],
  },
  { name: 'async', files: core('async/**'), tests: ['core'] },
  { name: 'host', files: ['packages/host/src/**'], tests: ['host'] },
  { name: 'filter', files: core('filter/**'), tests: ['core'] },
  { name: 'client', files: ['packages/client/src/**'], tests: ['client'] },
  { name: 'provisioner', files: ['packages/provisioner/src/**'], tests: ['provisioner'] },
  { name: 'puppetca', files: ['packages/agent-puppetca/src/**'], tests: ['agent-puppetca'] },
  {
    // Decides which nodes "mco puppet runall" and "mco puppet schedule" act on.
    name: 'scheduler',
    files: ['packages/agent-puppetd/src/application/**'],
    except: ['packages/agent-puppetd/src/application/commands/**'],
    tests: ['agent-puppetd'],
  },
  {
    name: 'puppetd',
    files: ['packages/agent-puppetd/src/**'],
    except: ['packages/agent-puppetd/src/application/*.ts'],
    tests: ['agent-puppetd'],
  },
  { name: 'provision', files: ['packages/agent-provision/src/**'], tests: ['agent-provision'] },
];
