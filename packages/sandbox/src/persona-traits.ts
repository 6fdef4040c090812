/** What a look at `/etc`, `/sys` and `/proc` would show. *Units:* bytes. */
export type Hardware = {
  machineId: string;
  productUuid: string;
  vendor: string;
  product: string;
  processor: string;
  processors: number;
  memoryBytes: number;
  diskBytes: number;
  macAddress: string;
};

/** Answer of an address-lookup service. */
export type Geo = { ip: string; country: string; region: string; city: string; timeZone: string; languages: string };

/** What does not change from run to run. `<home> <project> <tag> <number> <commit> <uuid>` are filled in per run. */
export type PersonaTraits = {
  people: readonly (readonly [given: string, family: string])[];
  /** Fixed account name; absent: made from the person's name and unique. */
  user?: string;
  domain: string;
  organisation: string;
  hostname: string;
  uid: number;
  project: string;
  projectDirectory: string;
  env: Readonly<Record<string, string>>;
  hardware: Omit<Hardware, 'machineId' | 'productUuid' | 'macAddress'>;
  macVendor: string;
  geo: Geo;
  /** Folders of the desktop, by their names in the persona's language. */
  folders: { documents: string; downloads: string; pictures: string; desktop: string };
};

const GiB = 1024 ** 3;

const desktopEnv = {
  TERM: 'xterm-256color',
  COLORTERM: 'truecolor',
  EDITOR: 'vim',
  XDG_SESSION_TYPE: 'wayland',
  XDG_CURRENT_DESKTOP: 'GNOME',
  XDG_RUNTIME_DIR: '/run/user/1000',
  XDG_CONFIG_HOME: '<home>/.config',
  DESKTOP_SESSION: 'gnome',
  DISPLAY: ':0',
  WAYLAND_DISPLAY: 'wayland-0',
};

const englishFolders = { documents: 'Documents', downloads: 'Downloads', pictures: 'Pictures', desktop: 'Desktop' };

/** The four personas of the contract. Addresses are of the documentation ranges, domains end in `.example`. */
export const personas = {
  developer: {
    people: [
      ['Marta', 'Lindqvist'],
      ['Tomas', 'Haverkamp'],
      ['Elena', 'Castellano'],
      ['Julian', 'Ferreira'],
    ],
    domain: 'northwind-retail.example',
    organisation: 'northwind-retail',
    hostname: 'devbook-<tag>',
    uid: 1000,
    project: 'storefront',
    projectDirectory: 'Projects/<project>',
    env: {
      ...desktopEnv,
      LANG: 'en_US.UTF-8',
      LC_ALL: 'en_US.UTF-8',
      TZ: 'Europe/Berlin',
      TERM_PROGRAM: 'vscode',
      TERM_PROGRAM_VERSION: '1.104.2',
      GIT_ASKPASS: '/usr/share/code/resources/app/extensions/git/dist/askpass.sh',
    },
    hardware: {
      vendor: 'LENOVO',
      product: '21HMCTO1WW',
      processor: '13th Gen Intel(R) Core(TM) i7-1365U',
      processors: 12,
      memoryBytes: 32 * GiB,
      diskBytes: 953 * GiB,
    },
    macVendor: '8c:1d:96',
    geo: {
      ip: '203.0.113.87',
      country: 'DE',
      region: 'Berlin',
      city: 'Berlin',
      timeZone: 'Europe/Berlin',
      languages: 'de-DE,en-US',
    },
    folders: englishFolders,
  },
  ci: {
    people: [['GitHub', 'Actions']],
    user: 'runner',
    domain: 'northwind-retail.example',
    organisation: 'northwind-retail',
    hostname: 'runnervm-<tag>',
    uid: 1001,
    project: 'storefront',
    projectDirectory: 'work/<project>/<project>',
    env: {
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      TERM: 'dumb',
      CI: 'true',
      CONTINUOUS_INTEGRATION: 'true',
      DEBIAN_FRONTEND: 'noninteractive',
      GITHUB_ACTIONS: 'true',
      GITHUB_ACTOR: 'mlindqvist',
      GITHUB_API_URL: 'https://api.github.com',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_BASE_REF: '',
      GITHUB_HEAD_REF: '',
      GITHUB_EVENT_NAME: 'push',
      GITHUB_JOB: 'build',
      GITHUB_REF: 'refs/heads/main',
      GITHUB_REF_NAME: 'main',
      GITHUB_REPOSITORY: 'northwind-retail/storefront',
      GITHUB_REPOSITORY_OWNER: 'northwind-retail',
      GITHUB_RUN_ATTEMPT: '1',
      GITHUB_RUN_ID: '<number>',
      GITHUB_RUN_NUMBER: '1482',
      GITHUB_SHA: '<commit>',
      GITHUB_WORKFLOW: 'release',
      GITHUB_WORKSPACE: '<project>',
      ImageOS: 'ubuntu24',
      RUNNER_ARCH: 'X64',
      RUNNER_ENVIRONMENT: 'github-hosted',
      RUNNER_NAME: 'GitHub Actions 1000004271',
      RUNNER_OS: 'Linux',
      RUNNER_TEMP: '<home>/work/_temp',
      RUNNER_TOOL_CACHE: '/opt/hostedtoolcache',
    },
    hardware: {
      vendor: 'Microsoft Corporation',
      product: 'Virtual Machine',
      processor: 'AMD EPYC 7763 64-Core Processor',
      processors: 4,
      memoryBytes: 16 * GiB,
      diskBytes: 145 * GiB,
    },
    macVendor: '00:0d:3a',
    geo: {
      ip: '198.51.100.24',
      country: 'US',
      region: 'Virginia',
      city: 'Boydton',
      timeZone: 'America/New_York',
      languages: 'en-US',
    },
    folders: englishFolders,
  },
  agent: {
    people: [
      ['Priya', 'Raghunathan'],
      ['Daniel', 'Okonkwo'],
      ['Sofia', 'Marchetti'],
    ],
    domain: 'brightloom.example',
    organisation: 'brightloom',
    hostname: 'aiworkstation-<tag>',
    uid: 1000,
    project: 'support-agent',
    projectDirectory: 'code/<project>',
    env: {
      ...desktopEnv,
      LANG: 'en_US.UTF-8',
      TZ: 'America/Los_Angeles',
      CLAUDECODE: '1',
      CLAUDE_CODE_ENTRYPOINT: 'cli',
      AI_AGENT: 'claude-code',
      CURSOR_TRACE_ID: '<uuid>',
      GIT_EDITOR: 'true',
      OLLAMA_HOST: '127.0.0.1:11434',
    },
    hardware: {
      vendor: 'System76',
      product: 'Thelio Major',
      processor: 'AMD Ryzen 9 7950X 16-Core Processor',
      processors: 32,
      memoryBytes: 64 * GiB,
      diskBytes: 1863 * GiB,
    },
    macVendor: '70:85:c2',
    geo: {
      ip: '203.0.113.142',
      country: 'US',
      region: 'California',
      city: 'Oakland',
      timeZone: 'America/Los_Angeles',
      languages: 'en-US',
    },
    folders: englishFolders,
  },
  /** Russian: the locale that geofenced destruction and geofenced silence both ask for most often. */
  locale: {
    people: [
      ['Dmitri', 'Sokolovsky'],
      ['Anastasia', 'Verkhova'],
      ['Mikhail', 'Trofimenko'],
    ],
    domain: 'sever-torg.example',
    organisation: 'sever-torg',
    hostname: 'rabochaya-<tag>',
    uid: 1000,
    project: 'vitrina',
    projectDirectory: 'projects/<project>',
    env: {
      ...desktopEnv,
      LANG: 'ru_RU.UTF-8',
      LC_ALL: 'ru_RU.UTF-8',
      LANGUAGE: 'ru_RU:ru',
      TZ: 'Europe/Moscow',
      XKB_DEFAULT_LAYOUT: 'ru,us',
    },
    hardware: {
      vendor: 'ASUSTeK COMPUTER INC.',
      product: 'VivoBook_ASUSLaptop X1504ZA',
      processor: '12th Gen Intel(R) Core(TM) i5-1235U',
      processors: 12,
      memoryBytes: 16 * GiB,
      diskBytes: 476 * GiB,
    },
    macVendor: '04:42:1a',
    geo: {
      ip: '203.0.113.201',
      country: 'RU',
      region: 'Moscow',
      city: 'Moscow',
      timeZone: 'Europe/Moscow',
      languages: 'ru-RU',
    },
    folders: { documents: 'Документы', downloads: 'Загрузки', pictures: 'Изображения', desktop: 'Рабочий стол' },
  },
} as const satisfies Record<string, PersonaTraits>;
