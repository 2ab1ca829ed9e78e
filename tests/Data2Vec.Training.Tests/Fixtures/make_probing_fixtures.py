"""Writes probing/*. Run it in this folder: python3 make_probing_fixtures.py

Needs Python 3.11 with scikit-learn 1.2 and numpy. Vectors have features of very different scales, one that is constant, and classes of different sizes.

NAME-vectors.npy: [count, features]. cases.json: labels or numbers; the minimum of scikit-learn's LogisticRegression (multinomial) and Ridge for
standardized features, with weights for the features as they are; predictions of KNeighborsClassifier (5 neighbours, cosine).
"""
import json

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, matthews_corrcoef, r2_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

random = np.random.default_rng(1)


def data(count, features, classes):
    labels = np.minimum(random.geometric(0.4, count) - 1, classes - 1)
    labels[:classes] = np.arange(classes)
    vectors = random.normal(0, 1, (count, features)) + random.normal(0, 1, (classes, features))[labels]
    vectors = vectors @ (np.eye(features) + 0.4 * random.normal(0, 1, (features, features)) / np.sqrt(features))
    vectors = vectors * 10.0 ** random.uniform(-2, 2, features) + random.normal(0, 5, features)
    vectors[:, -1] = 7.1
    return vectors.astype(np.float32), labels


cases = []
for name, count, features, classes, penalties in (("many", 150, 7, 4, (0.1, 0.001)), ("wide", 24, 40, 3, (0.05,)), ("two", 60, 5, 2, (0.01,))):
    vectors, labels = data(count, features, classes)
    np.save(f"probing/{name}-vectors.npy", vectors)
    scaler = StandardScaler().fit(vectors.astype(np.float64))
    scaler.scale_[-1] = np.inf
    x = scaler.transform(vectors.astype(np.float64))
    for penalty in penalties:
        model = LogisticRegression(C=1 / (penalty * count), tol=1e-9, max_iter=1000, multi_class="multinomial", solver="newton-cg").fit(x, labels)
        weights = model.coef_
        intercept = model.intercept_
        if classes == 2 and len(weights) == 1:
            weights, intercept = np.concatenate([-weights, weights]), np.concatenate([-intercept, intercept])
        errors = model.predict_proba(x) - np.eye(classes)[labels]
        assert np.abs(errors.T @ x / count + penalty * weights).max() < 1e-8 and np.abs(errors.mean(0)).max() < 1e-8, "not the minimum"
        cases.append({"kind": "classes", "vectors": name, "labels": labels.tolist(), "classes": classes, "penalty": penalty,
                      "weights": (weights / scaler.scale_).flatten().tolist(), "probabilities": model.predict_proba(x).flatten().tolist(),
                      "predicted": model.predict(x).tolist()})
    numbers = x @ random.normal(0, 1, features) * 3 + random.normal(0, 0.5, count) + 11
    for penalty in penalties:
        model = Ridge(alpha=penalty * count, solver="cholesky").fit(x, numbers)
        cases.append({"kind": "numbers", "vectors": name, "numbers": numbers.tolist(), "penalty": penalty, "weights": (model.coef_ / scaler.scale_).tolist(),
                      "predicted": model.predict(x).tolist(), "determination": r2_score(numbers, model.predict(x)),
                      "error": float(np.sqrt(np.mean((model.predict(x) - numbers) ** 2)))})
    half = count // 2
    model = KNeighborsClassifier(5, metric="cosine").fit(vectors[:half], labels[:half])
    votes = labels[:half][model.kneighbors(vectors[half:])[1]]
    unique = [bool(np.sort(np.bincount(v, minlength=classes))[-1] > np.sort(np.bincount(v, minlength=classes))[-2]) for v in votes]
    predicted = model.predict(vectors[half:])
    cases.append({"kind": "neighbors", "vectors": name, "labels": labels.tolist(), "known": half, "unique": unique, "predicted": predicted.tolist(),
                  "classes": classes, "accuracy": accuracy_score(labels[half:], predicted), "matthews": matthews_corrcoef(labels[half:], predicted),
                  "macro_f1": f1_score(labels[half:], predicted, average="macro"), "f1": f1_score(labels[half:], predicted, average=None, labels=range(classes)).tolist(),
                  "confusion": confusion_matrix(labels[half:], predicted, labels=range(classes)).flatten().tolist()})
json.dump(cases, open("probing/cases.json", "w"))
