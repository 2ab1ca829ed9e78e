'use strict';

// What was dropped, in order: { name, kind, model, vector }.
const past = [];
const fileKinds = { audio: /\.(wav|flac|mp3|ogg|oga|opus|m4a|aac|aiff?|au|webm|wma)$/i, image: /\.(png|jpe?g|gif|webp|bmp|tiff?|tga)$/i };
const longestText = 1 << 20;
let models = [];

const one = (selector, root = document) => root.querySelector(selector);

function element(tag, properties, ...children) {
  const created = Object.assign(document.createElement(tag), properties);
  created.append(...children);
  return created;
}

async function call(path, body) {
  const key = one('#key').value;
  const form = body instanceof FormData;
  const response = await fetch(path, {
    method: body ? 'POST' : 'GET',
    headers: { ...(key && { Authorization: `Bearer ${key}` }), ...(body && !form && { 'Content-Type': 'application/json' }) },
    body: form ? body : body && JSON.stringify(body),
  });
  if (response.status === 401) {
    one('#access').open = true;
  }

  const answer = await response.json().catch(() => null);
  if (!response.ok) {
    throw new Error(answer?.error?.message ?? `the server answered ${response.status}`);
  }

  return answer;
}

const modelFor = (kind, task) => models.find(model => (model.modality ?? 'image') === kind && model.tasks.includes(task))?.id;

function kindOf(file) {
  const byType = /^(audio|image|text)\//.exec(file.type)?.[1];
  return byType ?? Object.keys(fileKinds).find(kind => fileKinds[kind].test(file.name)) ?? (file.type === 'video/webm' ? 'audio' : 'text');
}

const dataUri = file => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result);
  reader.onerror = () => reject(reader.error);
  reader.readAsDataURL(file);
});

const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
const cosine = (a, b) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b) || 1);

const show = (item, name) => {
  const section = one(`.${name}`, item);
  section.hidden = false;
  return section;
};

function fill(table, rows) {
  table.replaceChildren(...rows.map(([name, value]) => element('tr', {},
    element('td', { textContent: name }),
    element('td', { textContent: value.toFixed(3) }),
    element('td', {}, element('meter', { min: 0, max: 1, value: Math.max(0, value) })))));
}

async function embed(item, entry, kind, input) {
  const model = modelFor(kind, 'embeddings');
  if (!model) {
    return;
  }

  const answer = await call('v1/embeddings', { model, input, ...(kind !== 'text' && { modality: kind }) });
  const vector = answer.data[0].embedding;
  const alike = past.filter(other => other.model === model).map(other => [other.name, cosine(vector, other.vector)]).sort((a, b) => b[1] - a[1]);
  if (alike.length > 0) {
    fill(one('table', show(item, 'nearest')), alike.slice(0, 5));
  }

  past.push({ ...entry, model, vector });
  show(item, 'vector').textContent = `${vector.length} numbers from ${model}`;
}

async function classify(item, kind, input) {
  const model = modelFor(kind, 'classify');
  if (model) {
    const answer = await call('v1/classify', { model, input, ...(kind !== 'text' && { modality: kind }) });
    fill(one('table', show(item, 'labels')), answer.data[0].labels.slice(0, 5).map(label => [label.label, label.probability ?? label.value]));
  }
}

async function transcribe(item, file) {
  const model = modelFor('audio', 'transcriptions');
  if (!model) {
    return;
  }

  const form = new FormData();
  form.append('file', file);
  form.append('model', model);
  form.append('response_format', 'verbose_json');
  form.append('timestamp_granularities[]', 'word');
  const { text, words } = await call('v1/audio/transcriptions', form);
  const audio = one('audio', item);
  const line = one('p', show(item, 'transcript'));
  const buttons = (words ?? []).map(word => {
    const button = element('button', { type: 'button', textContent: word.word, title: `${word.start.toFixed(2)} to ${word.end.toFixed(2)} s` });
    button.dataset.start = word.start;
    button.onclick = () => {
      audio.currentTime = word.start;
      audio.play();
    };
    return button;
  });
  line.replaceChildren(...(buttons.length ? buttons.flatMap(button => [button, ' ']) : [text || 'No words were heard.']));
  audio.ontimeupdate = () => buttons.forEach((button, i) => button.classList.toggle('now', audio.currentTime >= words[i].start && audio.currentTime < words[i].end));
}

function color(effect, largest) {
  const strength = Math.abs(effect) / largest * 0.6;
  return effect > 0 ? `rgb(229 62 62 / ${strength})` : `rgb(49 130 206 / ${strength})`;
}

async function scoreMeme(item, image) {
  const model = modelFor('image', 'memes');
  if (!model) {
    return;
  }

  const { score, probability, flagged, explanation } = await call('v1/memes/score', { model, image, explain: true });
  const section = show(item, 'meme');
  const chance = probability == null ? '' : `, probability ${probability.toFixed(3)}`;
  one('.score', section).textContent = `${score.toFixed(3)}${chance}: ${flagged ? 'flagged' : 'not flagged'}`;
  const { words, regions } = explanation;
  const largest = Math.max(...words.concat(regions).map(part => Math.abs(part.effect)), 1e-9);
  one('.words', section).replaceChildren(...words.flatMap(word => {
    const part = element('span', { textContent: word.text, title: word.effect.toFixed(3) });
    part.style.background = color(word.effect, largest);
    return [part, ' '];
  }));
  const picture = one('img', item);
  await picture.decode();
  const space = 'http://www.w3.org/2000/svg';
  const overlay = document.createElementNS(space, 'svg');
  overlay.setAttribute('viewBox', `0 0 ${picture.naturalWidth} ${picture.naturalHeight}`);
  overlay.setAttribute('preserveAspectRatio', 'none');
  for (const { box, effect } of regions) {
    const rectangle = document.createElementNS(space, 'rect');
    for (const [name, value] of Object.entries(box)) {
      rectangle.setAttribute(name, value);
    }

    rectangle.setAttribute('fill', color(effect, largest));
    overlay.append(rectangle);
  }

  picture.after(overlay);
}

async function add(name, kind, source) {
  const item = one('#item').content.firstElementChild.cloneNode(true);
  one('h2', item).textContent = name;
  one('.kind', item).textContent = { audio: 'recording', image: 'image', text: 'text' }[kind];
  one('#items').prepend(item);
  const preview = one('.preview', item);
  if (kind === 'audio') {
    preview.append(element('audio', { controls: true, src: URL.createObjectURL(source) }));
  } else if (kind === 'image') {
    preview.append(element('img', { alt: name, src: URL.createObjectURL(source) }));
  } else if (source !== name) {
    preview.textContent = source.length > 300 ? `${source.slice(0, 300)}…` : source;
  }

  try {
    if (!models.some(model => (model.modality ?? 'image') === kind)) {
      throw new Error('no model of this server takes it');
    }

    const input = kind === 'text' ? source : await dataUri(source);
    await embed(item, { name, kind }, kind, input);
    await classify(item, kind, input);
    if (kind === 'audio') {
      await transcribe(item, source);
    } else if (kind === 'image') {
      await scoreMeme(item, input);
    }
  } catch (problem) {
    show(item, 'error').textContent = problem.message;
  }

  item.dataset.done = 'true';
}

async function addFiles(files) {
  await loadModels();
  for (const file of files) {
    const kind = kindOf(file);
    await add(file.name, kind, kind === 'text' ? await file.slice(0, longestText).text() : file);
  }
}

async function loadModels() {
  if (models.length > 0) {
    return;
  }

  const status = one('#models');
  try {
    models = (await call('v1/models')).data;
    status.textContent = `Models: ${models.map(model => `${model.id} (${model.modality ?? 'memes'})`).join(', ')}`;
  } catch (problem) {
    status.textContent = problem.message;
  }
}

const drop = one('#drop');
drop.onsubmit = async event => {
  event.preventDefault();
  const text = one('#text').value.trim();
  if (text) {
    one('#text').value = '';
    await loadModels();
    await add(text, 'text', text);
  }
};
one('#files').onchange = async event => {
  await addFiles([...event.target.files]);
  event.target.value = '';
};
for (const name of ['dragover', 'dragleave', 'drop']) {
  document.addEventListener(name, event => {
    event.preventDefault();
    document.body.classList.toggle('over', name === 'dragover');
    if (name === 'drop' && event.dataTransfer.files.length > 0) {
      addFiles([...event.dataTransfer.files]);
    }
  });
}

one('#key').value = sessionStorage.getItem('key') ?? '';
one('#key').onchange = event => {
  sessionStorage.setItem('key', event.target.value);
  models = [];
  loadModels();
};
loadModels();
