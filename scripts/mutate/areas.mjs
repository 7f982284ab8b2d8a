const core = (...places) => places.map((place) => `packages/core/src/${place}`);

/** What `npm run mutate` covers: the sources of each area (globs), and the packages whose unit tests must notice. */
export const areas = [
  {
    name: 'security',
    files: core('security/**', 'message/**'),
    except: core('security/policy/**'),
    tests: ['core'],
  },
  { name: 'policy', files: core('security/policy/**'), tests: ['core'] },
  { name: 'daemon', files: core('daemon/**', 'agent/**'), tests: ['core'] },
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
