const ctrlC = '\u0003';
const id = /\b[0-9a-f]{32}\b/;

/** The pages: each command with a line before it. `keep` names the request id of its output, `keys` is what is typed. */
export const pages = [
  {
    file: 'finding-nodes.md',
    title: 'Finding nodes',
    steps: [
      ['Which nodes are online, and how long they take to reply:', 'mco ping'],
      ['With a graph of the response times:', 'mco ping --graph'],
      ['By a fact, and by a class:', 'mco find -F country=mt -C role::web'],
      [
        'Find nodes by an expression of facts, classes and data plugins:',
        `mco find -S "role::db or (os.family=Debian and mem>2048)"`,
      ],
      [
        'Explain a filter in English:',
        `mco describe-filter -S "role::db or (os.family=Debian and mem>2048)"`,
      ],
      ['The DDL of a data plugin, which filters can use:', 'mco plugin doc data/fstat'],
      ['A mistyped output of a data plugin is an error:', `mco find -S "fstat('/etc/motd').sise > 0"`],
      [
        'A random half of the nodes; the same seed selects the same nodes again:',
        'mco find --limit 50% --limit-seed 7',
      ],
      ['Nodes that the broker knows to be online, without asking them:', 'mco find --dm presence'],
      ['The discovery methods:', 'mco help discovery'],
      [
        'Nodes from a file (lines, JSON or YAML):',
        `printf 'web1.example.net\\nweb2.example.net\\n' > mine.txt; mco find --nodes mine.txt -F mem=4096`,
      ],
    ],
  },
  {
    file: 'calling-actions.md',
    title: 'Calling actions',
    steps: [
      ['The inputs and outputs of an action:', 'mco help rpc backup run'],
      [
        'On all nodes that have the agent; its DDL defines what is shown and summarized:',
        'mco rpc backup status --sort',
      ],
      ['Print the replies as a table:', 'mco rpc backup status --table'],
      [
        'If the action fails on some nodes, these are shown and the exit code is 2:',
        'mco rpc backup verify; echo "exit code $?"',
      ],
      ['As JSON, for programs:', 'mco rpc backup verify -C role::db --json'],
      ['As JSON lines, each printed as soon as it arrives:', 'mco rpc backup status -C role::web --jsonl'],
      [
        'A node that is offline is named, and the exit code is 5:',
        'mco rpc backup status -I web1.example.net -I old.example.net; echo "exit code $?"',
      ],
      [
        'An unknown name is reported with the nearest known one:',
        'mco rpc backup status -I wbe1.example.net; echo "exit code $?"',
      ],
      [
        'An action that changes hosts asks for confirmation if there is no filter:',
        'mco rpc backup run',
        { keys: [[/\[y\/N\] /, 'n\r']] },
      ],
      [
        'A dry run sends nothing and shows the plan:',
        'mco rpc backup run -C role::web --batch 1 --max-failures 0 --dry-run',
      ],
      ['The output of each node while the action runs:', 'mco rpc backup run -C role::web --stream'],
      [
        'A rollout that stops after more failures than --max-failures allows:',
        'mco rpc backup verify --nodes order.txt --batch 1 --batch-sleep 0 --max-failures 0',
        { before: `printf 'db1.example.net\\nweb1.example.net\\nweb2.example.net\\n' > order.txt` },
      ],
      [
        'A second command on the nodes where the first one succeeded:',
        'mco rpc backup verify --json --display ok | mco rpc backup run --nodes - -v',
      ],
      [
        'A mistyped action or input gets a suggestion:',
        'mco rpc backup stauts; mco rpc backup run secs=1 -C role::web',
      ],
      ['Without waiting for replies:', 'mco rpc backup run -C role::web --no-results'],
    ],
  },
  {
    file: 'jobs.md',
    title: 'Jobs: actions that continue without the terminal',
    steps: [
      [
        'Ctrl-C stops waiting; the action continues:',
        'mco rpc backup run seconds=100 -C role::web --stream',
        {
          keys: [
            [/web3\.example\.net: copying/, ctrlC],
            [/Ctrl-C again/, ''],
          ],
          keep: true,
        },
      ],
      ['Running requests of this caller:', 'mco job list --running'],
      ['The progress of one request:', 'mco job show $ID'],
      [
        'Attach from any terminal, with the output so far; a second Ctrl-C cancels the request on the nodes:',
        'mco job attach $ID --stream',
        {
          keys: [
            [/copying/, ctrlC],
            [/Ctrl-C again/, ctrlC],
          ],
        },
      ],
      ['The nodes keep the results:', 'mco job show $ID'],
      [
        'Cancel from another terminal:',
        'mco rpc backup run seconds=60 -C role::db --no-results > id.txt; sleep 2; mco job cancel $(cat id.txt)',
      ],
      [
        'Replies can go to another terminal, which listens for them:',
        'mco listen nightly --count 2 & sleep 4; mco rpc backup verify -F country=mt --reply-to nightly; wait',
      ],
    ],
  },
  {
    file: 'looking-at-nodes.md',
    title: 'Inspecting nodes',
    steps: [
      ['One node in detail:', 'mco inventory db1.example.net'],
      [
        'One line per node:',
        `mco inventory --format '{identity:20} {facts.os.family:8} {facts.mem:6} {classes}'`,
      ],
      ['Show the values of a fact:', 'mco facts os.family -v'],
      [
        'The collectives, as a list and as a graph:',
        'mco inventory --list-collectives; mco inventory --collective-map - -q',
      ],
      ["The status of Puppet (here the tests' emulated Puppet):", 'mco puppet status'],
      ['A Puppet run on one node:', 'mco puppet runonce -I web1.example.net'],
    ],
  },
  {
    file: 'operating.md',
    title: 'Configuration, keys, policies and health checks',
    steps: [
      ['The configuration in use, and the origin of each value:', 'mco config'],
      ['Check the configuration:', 'mco config check'],
      ['Check everything between this terminal and the nodes:', 'mco doctor'],
      [
        'Check the daemon on this machine, for example from a monitoring system:',
        'mco doctor --local --daemon-config $SITE/web1.example.net.yaml',
      ],
      [
        'A private key and a certificate signing request for a person:',
        'mco keys ann.mcollective --folder ann --broker mqtts://broker.example.net:8883',
      ],
      [
        'Create an enrolment token for new machines:',
        'mco enroll token --broker mqtts://broker.example.net:8883 --ttl 1h -o token',
      ],
      ['Check policies:', 'mco policy check $SITE/policies'],
      [
        'Which line of a policy decides:',
        'mco policy explain $SITE/policies --caller intern.mcollective --agent backup --action run',
      ],
      ['Verify an audit log:', 'mco audit verify $SITE/web1.example.net/audit.log'],
      [
        'Generate the configuration of a broker:',
        'mco broker config mosquitto --certificate /etc/mosquitto/mq.pem --key /etc/mosquitto/mq.key --caller rip.mcollective -o mosquitto; head -n 24 mosquitto/*.conf',
      ],
      ['List the exit codes:', 'mco help exit-codes'],
      [
        'What completion offers to the shell:',
        `mco completion --line 'mco rpc backup run to='; mco completion --line 'mco inventory w'`,
      ],
      ['Print the version:', 'mco --version'],
    ],
  },
  {
    file: 'agents.md',
    title: 'Agents and their DDLs',
    steps: [
      ['Known agents and data plugins:', 'mco plugin list; mco plugin list --data'],
      ['The DDL of an agent, fetched from a node:', 'mco plugin doc backup status'],
      ['Generate a new agent:', 'mco plugin generate agent dice'],
      ['Check an agent:', 'mco plugin validate $ROOT/scripts/transcripts/backup.js'],
      [
        'Import a Ruby DDL of MCollective:',
        'mco plugin import $ROOT/packages/cli/test/commands/plugin/ruby-ddl/fixtures/cron.ddl',
      ],
      ['List all commands:', 'mco help'],
    ],
  },
];

export { id };
