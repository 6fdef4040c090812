import { createHash } from 'node:crypto';
import { type DefaultTreeAdapterTypes, parse } from 'parse5';
import { describe, expect, test } from 'vitest';
import { benignReport } from '../sample/benign.ts';
import { openPage, scriptOf } from '../sample/browser.ts';
import { largeReport } from '../sample/large.ts';
import { maliciousReport } from '../sample/malicious.ts';
import { renderHtml } from './html.ts';

const report = maliciousReport();
const page = renderHtml(report);

/** What an HTML parser complains about. */
function complaints(html: string): string[] {
  const errors: string[] = [];
  parse(html, {
    sourceCodeLocationInfo: true,
    onParseError: ({ code, startLine }) => errors.push(`${code} in line ${startLine}`),
  });
  return errors;
}

/** Every element of a parsed page, in order. */
function elementsOf(html: string): { name: string; attributes: [string, string][] }[] {
  const found: { name: string; attributes: [string, string][] }[] = [];
  const visit = (node: DefaultTreeAdapterTypes.Node) => {
    if ('attrs' in node)
      found.push({ name: node.nodeName, attributes: node.attrs.map(({ name, value }) => [name, value]) });
    if ('childNodes' in node) node.childNodes.forEach(visit);
  };
  visit(parse(html));
  return found;
}

describe('the page on its own, without its script', () => {
  const still = page.replace(/<script[\s\S]*?<\/script>/g, '');

  test('is well-formed', () => {
    expect(complaints(page)).toEqual([]);
  });

  test('loads and sends nothing', () => {
    const elements = elementsOf(page);
    const loading = [
      'link',
      'img',
      'iframe',
      'object',
      'embed',
      'base',
      'form',
      'audio',
      'video',
      'source',
      'use',
      'image',
    ];
    expect(elements.filter(({ name }) => loading.includes(name))).toEqual([]);
    const attributes = elements.flatMap(({ attributes: own }) => own);
    expect(
      attributes.filter(([name]) => /^(src|srcset|action|poster|ping|data|style|on.*|xlink:href)$/.test(name)),
    ).toEqual([]);
    expect(attributes.filter(([name, value]) => name === 'href' && !value.startsWith('#'))).toEqual([]);
    expect(page).not.toMatch(/@import|url\(/);
  });

  test('allows its one script and its one style by digest, and nothing else', () => {
    const digest = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? '';
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1]?.replaceAll('&#39;', "'");
    expect(policy).toBe(
      `default-src 'none'; script-src ${digest(scriptOf(page))}; style-src ${digest(style)}; base-uri 'none'; form-action 'none'`,
    );
  });

  test('holds verdict, every finding with its evidence, and every gap', () => {
    for (const { title, evidence } of report.findings) {
      expect(still).toContain(title);
      for (const id of evidence) expect(still).toContain(`>${id}</a>`);
    }
    for (const { text } of report.limitations) expect(still).toContain(text);
    expect(still).toMatch(/class="level">malicious/);
    expect(still).toContain('rules out benign');
  });

  test('keeps package text from leaving the block of data', () => {
    const block = /<script type="application\/json" id="data">([\s\S]*?)<\/script>/.exec(page)?.[1] ?? '';
    expect(block).not.toMatch(/[<>&\u2028\u2029]/);
    expect(JSON.parse(block)).toMatchObject({
      package: '@example/columns',
      events: JSON.parse(JSON.stringify(report.events)),
    });
    expect(page.match(/<script/g)).toHaveLength(2);
  });
});

describe('the page with its script', () => {
  test('fills every part', () => {
    const { document } = openPage(page);
    for (const place of document.querySelectorAll('[data-part]:not(.slip)')) {
      expect(place.textContent).not.toContain('needs JavaScript');
      expect(place.children.length).toBeGreaterThan(0);
    }
  });

  test('leads from a finding to its event and back', () => {
    const { document, go } = openPage(page);
    const slip = document.querySelector('aside.slip');
    expect(slip?.hasAttribute('hidden')).toBe(true);
    const [cited] = report.findings.find(({ id }) => id === 'persist.autostart')?.evidence.slice(-1) ?? [];
    expect(document.querySelector(`article.finding a[href="#${cited}"]`)).not.toBeNull();
    go(`#${cited}`);
    expect(slip?.hasAttribute('hidden')).toBe(false);
    expect(slip?.textContent).toContain('~/.bashrc');
    const back = slip?.querySelector('a[href^="#finding-"]');
    expect(back?.textContent).toBe('Installs itself to start again');
    expect(document.querySelector(back?.getAttribute('href') ?? '#none')?.textContent).toContain('Installs itself');
  });

  test('opens on the evidence that its address names', () => {
    const { document } = openPage(page, '#s2');
    expect(document.querySelector('aside.slip')?.textContent).toContain('js.decode-chain');
  });

  test('says so when the evidence was cut', () => {
    const { document } = openPage(page, '#e99999');
    expect(document.querySelector('aside.slip')?.textContent).toContain('It is not in this report');
  });

  test('shows package text only as text, made visible', () => {
    const { document } = openPage(page);
    for (const fold of document.querySelectorAll('details')) {
      fold.setAttribute('open', '');
      fold.dispatchEvent(new (document.defaultView ?? globalThis).Event('toggle') as never);
    }
    expect(document.querySelectorAll('img, main script, main iframe')).toHaveLength(0);
    const text = document.querySelector('main')?.textContent ?? '';
    expect(text).toContain('invoice_\\u{202e}fdp.exe');
    expect(text).toContain('script><img src=x onerror=alert(1)>.txt');
    expect(text).toContain('␛[32madded 2 packages␛[0m');
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  test('searches and pages 5,000 events without drawing them all', () => {
    const { document, window } = openPage(renderHtml(largeReport(5000)));
    const rows = () => document.querySelectorAll('#events tbody tr').length;
    expect(rows()).toBe(100);
    const search = document.querySelector('#search') as unknown as {
      value: string;
      dispatchEvent(event: unknown): void;
    };
    search.value = 'hello.js';
    search.dispatchEvent(new window.Event('input'));
    expect(rows()).toBeLessThan(10);
    expect(document.querySelector('#events [role=status]')?.textContent).toMatch(/^1–\d of \d events$/);
  });

  test('its functions use nothing but what the page gives them', () => {
    const script = scriptOf(page);
    expect(script).not.toMatch(/\bimport[ (]|__vite|require\(|Buffer\b/);
    expect(script).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/);
  });

  test('a benign page says what was measured, in words', () => {
    const text = openPage(renderHtml(benignReport())).document.body.textContent ?? '';
    expect(text).toContain('Everything that a verdict needs was measured, and nothing of weight was found.');
    expect(text).toContain('Every channel, phase and run was measured.');
  });
});
