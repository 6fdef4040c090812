/** Names that many projects depend on and that imitations are made of. Data: extend it freely, it weighs nothing by itself. */
const wellKnown = new Set(
  `ajv angular apollo-client async aws-sdk axios babel-core babel-loader bcrypt better-sqlite3 bluebird body-parser bootstrap
  browserify browserslist bunyan chai chalk cheerio chokidar classnames colors commander compression concurrently
  connect-redis cookie-parser core-js coffee-script cross-env cross-fetch cross-spawn crypto-js css-loader cypress date-fns
  dayjs debug discord.js dotenv electron ember-cli enzyme esbuild eslint ethers event-stream execa express express-session
  fast-glob fastify fs-extra follow-redirects form-data glob graceful-fs graphql grunt gulp handlebars helmet highlight.js
  http-proxy husky immutable inquirer ioredis jasmine jest jquery js-yaml jsdom jsonwebtoken karma knex koa laravel-mix
  leaflet lerna less lint-staged lodash lru-cache markdown-it marked material-ui micromatch minimatch minimist mkdirp mocha
  moment mongodb mongoose morgan multer mysql mysql2 nanoid next nock node-fetch node-gyp node-sass nodemailer nodemon
  npm-run-all nyc openai parcel passport phantomjs pino playwright postcss prettier prisma prompts prop-types protobufjs
  puppeteer qs ramda react react-dom react-native react-redux react-router react-router-dom react-scripts redis redux
  request rimraf rollup rxjs sass sass-loader semver sequelize serve sharp shelljs sinon socket.io solc sqlite3 storybook
  style-loader styled-components stylelint supertest svelte tailwindcss terser three through2 tslib tslint typeorm typescript
  uglify-js underscore undici uuid validator viem vite vitest vue vue-router vuex web3 webpack webpack-cli
  webpack-dev-server winston ws yargs zod`.split(/\s+/),
);

const minLength = 5;

/**
 * The well-known name that a name can be taken for: it looks the same in many typefaces, or differs by one slip of the hand
 * (a letter doubled, left out, or exchanged with its neighbour). Undefined for a scoped name and for the well-known ones.
 *
 * Matches `1odash`, `exprress`, `lodahs`, `reactrouter`; not `preact`, `lodash-es`, `@x/express`.
 */
export function mistakableFor(name: string): string | undefined {
  if (name.startsWith('@') || wellKnown.has(name) || name.length < minLength) return undefined;
  for (const known of wellKnown) {
    if (known.length < minLength || Math.abs(known.length - name.length) > 2) continue;
    if (skeleton(known) === skeleton(name) || isSlip(name, known)) return known;
  }
  return undefined;
}

/** What the eye keeps of a name: look-alikes as one letter, separators gone. */
function skeleton(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/rn/g, 'm')
    .replaceAll(/vv/g, 'w')
    .replaceAll(/[1i|]/g, 'l')
    .replaceAll('0', 'o')
    .replaceAll('5', 's')
    .replaceAll(/[-_.]/g, '');
}

function isSlip(name: string, known: string): boolean {
  return swaps(known).has(name) || doubles(known).has(name) || omissions(known).has(name);
}

function swaps(word: string): Set<string> {
  return new Set(
    [...word].slice(1).map((letter, at) => `${word.slice(0, at)}${letter}${word[at]}${word.slice(at + 2)}`),
  );
}

function doubles(word: string): Set<string> {
  return new Set([...word].map((letter, at) => `${word.slice(0, at)}${letter}${word.slice(at)}`));
}

/** Only inside: a name without its first or last letter is as often a word of its own. */
function omissions(word: string): Set<string> {
  return new Set([...word].slice(1, -1).map((_, at) => `${word.slice(0, at + 1)}${word.slice(at + 2)}`));
}
