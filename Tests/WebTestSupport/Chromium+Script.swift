// SPDX-License-Identifier: Apache-2.0

extension Chromium {
    /// What is looked at inside of the page. Plain functions; each gives a list of what is wrong.
    static let script = #"""
        const label = (e) => e.tagName.toLowerCase() + (e.id ? '#' + e.id : '') + (e.className && e.className.trim ? '.' + e.className.trim().split(/\s+/).join('.') : '')
          + ' "' + (e.innerText || e.value || e.textContent || '').trim().slice(0, 40) + '"';
        const visible = (e) => {
          if (!e.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
          const r = e.getBoundingClientRect();
          if (r.width < 2 || r.height < 2) return false;
          return getComputedStyle(e).clipPath === 'none' && r.bottom + scrollY > 0;
        };
        const parse = (text) => {
          const m = text.match(/rgba?\(([^)]+)\)/);
          if (m) { const p = m[1].split(/[ ,\/]+/).map(Number); return [p[0], p[1], p[2], p.length > 3 ? p[3] : 1]; }
          const s = text.match(/color\(srgb ([^)]+)\)/);
          if (s) { const p = s[1].split(/[ \/]+/).map(Number); return [p[0] * 255, p[1] * 255, p[2] * 255, p.length > 3 ? p[3] : 1]; }
          return [0, 0, 0, 0];
        };
        const over = (top, under) => {
          const a = top[3] + under[3] * (1 - top[3]);
          return a === 0 ? [0, 0, 0, 0] : [0, 1, 2].map((i) => (top[i] * top[3] + under[i] * under[3] * (1 - top[3])) / a).concat(a);
        };
        const ground = (e) => {
          let colour = [0, 0, 0, 0];
          for (let n = e; n && colour[3] < 1; n = n.parentElement) colour = over(colour, parse(getComputedStyle(n).backgroundColor));
          return over(colour, matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18, 1] : [255, 255, 255, 1]);
        };
        const luminance = (c) => {
          const [r, g, b] = c.slice(0, 3).map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const ratio = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
        const contrastOf = (e, style, what) => {
          const under = ground(e);
          const colour = over(parse(style.color), under);
          const size = parseFloat(style.fontSize), bold = Number(style.fontWeight) >= 700;
          const need = size >= 24 || (bold && size >= 18.66) ? 3 : 4.5;
          const r = ratio(colour, under);
          return r < need ? [`contrast ${r.toFixed(2)} of ${what}: ${label(e)}`] : [];
        };
        const contrast = () => {
          const found = [], seen = new Set();
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (walker.nextNode()) {
            const e = walker.currentNode.parentElement;
            if (!walker.currentNode.data.trim() || seen.has(e) || !visible(e) || e.closest('script, style, :disabled')) continue;
            seen.add(e);
            found.push(...contrastOf(e, getComputedStyle(e), 'text'));
          }
          for (const e of document.querySelectorAll('input:not([type=hidden], [type=checkbox], [type=radio]), select, textarea')) {
            if (!visible(e) || e.disabled) continue;
            found.push(...contrastOf(e, getComputedStyle(e), 'field'));
            if (e.placeholder) found.push(...contrastOf(e, getComputedStyle(e, '::placeholder'), 'placeholder'));
            const style = getComputedStyle(e), edge = over(parse(style.borderTopColor), ground(e.parentElement));
            if (ratio(edge, ground(e.parentElement)) < 3) found.push(`edge of a field: ${label(e)}`);
          }
          for (const e of document.querySelectorAll('td[data-label]')) {
            const style = getComputedStyle(e, '::before');
            if (style.content !== 'none' && visible(e)) found.push(...contrastOf(e, style, 'label of a cell'));
          }
          return found;
        };
        const usable = () => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
          .filter((e) => visible(e) && !e.disabled && !e.classList.contains('skip'));
        const targets = () => {
          const all = usable().map((e) => [e, e.getBoundingClientRect()]);
          const small = ([, r]) => r.width < 23.5 || r.height < 23.5;
          return all.filter((item) => {
            const [e, r] = item;
            if (!small(item)) return false;
            // Within a sentence, a link is as high as its line.
            const around = [...e.parentElement.childNodes].some((n) => n.nodeType === 3 && n.data.trim().length > 1);
            if (getComputedStyle(e).display === 'inline' && around) return false;
            const [x, y] = [r.x + r.width / 2, r.y + r.height / 2];
            return all.some(([other, o]) => {
              if (other === e) return false;
              if (small([other, o])) return Math.hypot(o.x + o.width / 2 - x, o.y + o.height / 2 - y) < 24;
              const dx = Math.max(o.left - x, 0, x - o.right), dy = Math.max(o.top - y, 0, y - o.bottom);
              return Math.hypot(dx, dy) < 12;
            });
          }).map(([e, r]) => `target of ${r.width.toFixed()} x ${r.height.toFixed()}: ${label(e)}`);
        };
        const overflow = () => {
          const page = document.documentElement;
          if (page.scrollWidth <= page.clientWidth) return [];
          const wide = [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > page.clientWidth + 1);
          return [`the page is ${page.scrollWidth} wide in ${page.clientWidth}: ${wide.slice(0, 3).map(label).join(', ')}`];
        };
        const structure = () => {
          const found = [];
          if (!document.documentElement.lang) found.push('no language');
          if (!document.title.trim()) found.push('no title');
          if (document.querySelectorAll('main').length !== 1) found.push('not one main');
          if ([...document.querySelectorAll('h1')].filter(visible).length !== 1) found.push('not one h1');
          const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
          for (const id of new Set(ids)) if (ids.filter((other) => other === id).length > 1) found.push(`id twice: ${id}`);
          let level = 0;
          for (const h of [...document.querySelectorAll('main h1, main h2, main h3, main h4, main h5, main h6')].filter(visible)) {
            const here = Number(h.tagName[1]);
            if (here > level + 1) found.push(`heading of level ${here} after ${level}: ${label(h)}`);
            level = here;
          }
          for (const name of ['for', 'aria-labelledby', 'aria-describedby', 'aria-controls', 'popovertarget', 'list']) {
            for (const e of document.querySelectorAll(`[${name}]`)) {
              for (const id of e.getAttribute(name).split(/\s+/)) if (!document.getElementById(id)) found.push(`${name}=${id} leads nowhere: ${label(e)}`);
            }
          }
          for (const e of document.querySelectorAll('input:not([type=hidden]), select, textarea')) {
            if (!e.labels.length && !e.getAttribute('aria-label') && !e.getAttribute('aria-labelledby')) found.push(`no label: ${label(e)}`);
            if (e.getAttribute('aria-invalid') === 'true' && !e.getAttribute('aria-describedby')) found.push(`an error that is not told: ${label(e)}`);
          }
          for (const e of document.querySelectorAll('fieldset')) if (!e.querySelector(':scope > legend')) found.push(`no legend: ${label(e)}`);
          for (const e of document.querySelectorAll('img:not([alt]), svg:not([aria-hidden], [role=img][aria-label])')) found.push(`a picture without words: ${label(e)}`);
          for (const e of document.querySelectorAll('table')) {
            if (![...e.querySelectorAll('th')].some((h) => h.scope)) found.push(`a table without scopes: ${label(e)}`);
            if (!e.caption && !e.getAttribute('aria-label') && !e.getAttribute('aria-labelledby') && !e.closest('[role=region][aria-label]')) found.push(`a table without a name: ${label(e)}`);
          }
          for (const e of document.querySelectorAll('ul > *, ol > *')) if (!['LI', 'SCRIPT', 'TEMPLATE'].includes(e.tagName)) found.push(`no item of a list: ${label(e)}`);
          for (const e of document.querySelectorAll('[tabindex]')) if (e.tabIndex > 0) found.push(`out of order: ${label(e)}`);
          for (const e of document.querySelectorAll('[style], [onclick], [onsubmit]')) found.push(`not in the style or script: ${label(e)}`);
          const marks = [...document.querySelectorAll('nav')].filter(visible).map((e) => e.getAttribute('aria-label') || '');
          if (new Set(marks).size !== marks.length) found.push('two navigations of one name');
          return found;
        };
        const stops = () => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
          .filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.disabled && !(e.type === 'radio' && !e.checked));
        const stop = () => {
          const e = document.activeElement;
          if (!e || e === document.body) return null;
          const last = window.__stops.at(-1);
          const again = window.__stops.includes(e);
          window.__stops.push(e);
          if (again) return `the focus comes twice: ${label(e)}`;
          if (last && !(last.compareDocumentPosition(e) & 4)) return `the focus goes back: ${label(e)}`;
          const style = getComputedStyle(e), r = e.getBoundingClientRect();
          if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) return `the focus is not seen: ${label(e)}`;
          const edge = over(parse(style.outlineColor), ground(e.parentElement));
          if (ratio(edge, ground(e.parentElement)) < 3) return `the focus is faint: ${label(e)}`;
          if (r.bottom < 0 || r.top > innerHeight) return `the focus is out of sight: ${label(e)}`;
          return null;
        };
        const unreached = () => stops().filter((e) => !window.__stops.includes(e)).map((e) => `not reached by Tab: ${label(e)}`);
        """#
}
