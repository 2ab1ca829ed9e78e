using Data2Vec.Training.RandomNumbers;

namespace Data2Vec.Training.Network;

/// <content>The operations.</content>
internal sealed unsafe partial class Recording
{
    public override void Copy(Tensor source, Tensor destination)
    {
        _run.Copy(source, destination);
        bool learns = Learns(source);
        bool overwrites = Learns(destination);
        Note(destination, learns || overwrites, dy =>
        {
            if (learns)
            {
                // One row that was copied to many gets the sum of their gradients.
                AddTo(source, dy);
            }

            // What was there before does not reach the loss.
            _run.Clear(dy);
        });
    }

    public override void Linear(
        Tensor x, LinearWeights weights, Tensor output, Data2Vec.Kernels.Activation activation = Data2Vec.Kernels.Activation.None, Tensor residual = default)
    {
        bool inputLearns = Learns(x), residualLearns = Learns(residual), learns = inputLearns || _run.Learns(weights);
        Dropped dropped = DropoutOf(weights.Dropout);
        bool hasActivation = activation != Data2Vec.Kernels.Activation.None;
        if (learns && hasActivation && weights.HasScale)
        {
            throw new NotSupportedException("A linear layer with an activation and a scale cannot be trained.");
        }

        Tensor sums = default;
        if (_isRecording && hasActivation && learns)
        {
            sums = _run.Allocate(output.Rows, output.Columns, ElementType.F32);
            _run.Linear(x, weights, sums);
            _run.Activate(sums, activation, output);
            Apply(dropped, output);
            AddResidual(residual, output);
        }
        else if (dropped.IsNone)
        {
            _run.Linear(x, weights, output, activation, residual);
        }
        else
        {
            _run.Linear(x, weights, output, activation);
            Apply(dropped, output);
            AddResidual(residual, output);
        }

        Note(output, learns || residualLearns, dy =>
        {
            if (residualLearns)
            {
                AddTo(residual, dy);
            }

            Apply(dropped, dy);
            if (learns)
            {
                bool accumulate = false;
                Tensor dx = inputLearns ? GradientToWrite(x, out accumulate) : default;
                _run.LinearBackward(x, weights, sums, activation, dy, dx, accumulate);
            }
        });
    }

    public override void LinearNorm(Tensor x, LinearWeights weights, NormWeights norm, Tensor output, Tensor normed, Tensor residual = default)
    {
        if (!_isRecording && weights.Dropout == DropoutSite.None)
        {
            _run.LinearNorm(x, weights, norm, output, normed, residual);
            _learns |= _run.Learns(weights) || _run.Learns(norm);
            return;
        }

        Tensor sums = output == normed ? Allocate(output.Rows, output.Columns) : output;
        Linear(x, weights, sums, residual: residual);
        LayerNorm(sums, norm, normed, canReplace: output == normed);
    }

    public override void LayerNorm(
        Tensor x, NormWeights norm, Tensor output, Tensor residual = default, Data2Vec.Kernels.Activation activation = Data2Vec.Kernels.Activation.None) =>
        LayerNorm(x, norm, output, canReplace: false, residual, activation);

    public override void Conv1d(
        Tensor x, Sequences inputs, Conv1dWeights weights, NormWeights? norm, Data2Vec.Kernels.Activation activation, Tensor output, Sequences outputs)
    {
        bool inputLearns = Learns(x), learns = inputLearns || _run.Learns(weights);
        if (!_isRecording || (!learns && (norm is null || !_run.Learns(norm))))
        {
            _run.Conv1d(x, inputs, weights, norm, activation, output, outputs);
            _learns |= learns || (norm is not null && _run.Learns(norm));
            return;
        }

        bool hasActivation = activation != Data2Vec.Kernels.Activation.None;
        Tensor sums = norm is null && !hasActivation ? output : Allocate(output.Rows, output.Columns);
        _run.Conv1d(x, inputs, weights, null, Data2Vec.Kernels.Activation.None, sums, outputs);
        Note(sums, learns, dy =>
        {
            bool accumulate = false;
            Tensor dx = inputLearns ? GradientToWrite(x, out accumulate) : default;
            _run.Conv1dBackward(x, inputs, weights, dy, outputs, dx, accumulate);
        });
        if (norm is not null)
        {
            LayerNorm(sums, norm, output, canReplace: true, activation: activation);
        }
        else if (hasActivation)
        {
            _run.Activate(sums, activation, output);
            Note(output, learns, dy => _run.ActivationBackward(sums, activation, dy, GradientToWrite(sums, out _)));
        }
    }

    public override void Attention(
        Tensor query, Tensor key, Tensor value, Sequences sequences, int heads, float scale, AttentionBias bias, Tensor output)
    {
        if (!bias.Distances.IsEmpty)
        {
            throw new NotSupportedException("Attention with a bias by distance cannot be trained.");
        }

        bool queryLearns = Learns(query), keyLearns = Learns(key), valueLearns = Learns(value), tableLearns = Learns(bias.Table), slopesLearn = Learns(bias.Slopes);
        bool learns = queryLearns || keyLearns || valueLearns || tableLearns || slopesLearn;
        Dropout dropout = DropoutOfAttention(query);
        if ((!_isRecording || !learns) && dropout.IsNone)
        {
            _run.Attention(query, key, value, sequences, heads, scale, bias, output);
            _learns |= learns;
            return;
        }

        Tensor logSums = _run.Allocate(query.Rows, heads, ElementType.F32);
        _run.Attention(query, key, value, sequences, heads, scale, bias, dropout, output, logSums);
        Note(output, learns, dy =>
        {
            // The partner overwrites the gradients of queries, keys and values. What other operations have added stays.
            bool inPlace = query.Data != key.Data && key.Data != value.Data && value.Data != query.Data && !IsWritten(query) && !IsWritten(key) && !IsWritten(value);
            Tensor dQuery = GradientOf(query, queryLearns), dKey = GradientOf(key, keyLearns), dValue = GradientOf(value, valueLearns);
            var dBias = new AttentionBias(tableLearns ? GradientToAddTo(bias.Table) : default, slopesLearn ? GradientToAddTo(bias.Slopes) : default);
            _run.AttentionBackward(query, key, value, sequences, heads, scale, bias, dropout, output, logSums, dy, dQuery, dKey, dValue, dBias);
            Deliver(query, queryLearns, dQuery);
            Deliver(key, keyLearns, dKey);
            Deliver(value, valueLearns, dValue);

            Tensor GradientOf(Tensor x, bool isWanted) =>
                isWanted && inPlace ? GradientToWrite(x, out _) : _run.Allocate(x.Rows, x.Columns, ElementType.F32);

            void Deliver(Tensor x, bool isWanted, Tensor gradient)
            {
                if (isWanted && !inPlace)
                {
                    AddTo(x, gradient);
                }
            }
        });
    }

    public override void AttentionGates(Tensor x, Tensor weights, Tensor scales, Tensor output) =>
        throw new NotSupportedException("Attention with a gated bias by distance cannot be trained.");

    public override void Embed(ReadOnlySpan<int> ids, EmbeddingWeights table, Tensor output, Tensor residual = default)
    {
        _run.Embed(ids, table, output, residual);
        bool learns = _run.Learns(table), residualLearns = Learns(residual), overwrites = Learns(output);
        if (!_isRecording || !(learns || residualLearns || overwrites))
        {
            _learns |= learns;
            return;
        }

        int[] kept = ids.ToArray();
        Note(output, learns || residualLearns || overwrites, dy =>
        {
            if (residualLearns)
            {
                AddTo(residual, dy);
            }

            if (learns)
            {
                _run.EmbedBackward(kept, table, dy);
            }

            _run.Clear(dy);
        });
    }

    public override Tensor MeanOfSequences(Tensor x, Sequences sequences, int skip = 0)
    {
        Tensor means = Track(_run.MeanOfSequences(x, sequences, skip));
        Note(means, Learns(x), dy =>
        {
            Tensor dx = GradientToWrite(x, out bool accumulate);
            _run.MeanOfSequencesBackward(sequences, skip, dy, dx, accumulate);
        });
        return means;
    }

    public override void Tanh(Tensor x, Tensor output)
    {
        _run.Tanh(x, output);
        Note(output, Learns(x), dy =>
        {
            float[] y = new float[output.Rows * output.Columns], gradient = new float[y.Length];
            _run.Download(output, y);
            _run.Download(dy, gradient);
            for (int i = 0; i < y.Length; i++)
            {
                gradient[i] *= 1 - y[i] * y[i];
            }

            AddTo(x, _run.Upload(gradient, output.Rows, output.Columns));
        });
    }

    public override void Add(Tensor source, Tensor destination)
    {
        bool learns = Learns(source), overwrites = Learns(destination);
        _run.Add(source, destination);
        Note(destination, learns || overwrites, dy =>
        {
            if (learns)
            {
                AddTo(source, dy);
            }
        });
    }

    public override void ChannelMoments(Tensor x, Sequences sequences, Tensor moments) =>
        throw new NotSupportedException("Norms of channels over time cannot be trained.");

    public override void ChannelNorm(
        Tensor x, Sequences sequences, Tensor moments, NormWeights norm, Data2Vec.Kernels.Activation activation, Tensor output) =>
        throw new NotSupportedException("Norms of channels over time cannot be trained.");

    public override void Conv2d(Tensor x, int height, int width, Conv2dWeights weights, Data2Vec.Kernels.Activation activation, Tensor output) =>
        throw new NotSupportedException("Two-dimensional convolutions cannot be trained.");

    public override void MaxPool2d(Tensor x, int height, int width, int size, int stride, Tensor output) =>
        throw new NotSupportedException("Two-dimensional convolutions cannot be trained.");

    /// <summary>A copy of rows in which some are replaced by a vector, as masking does.</summary>
    public Tensor ReplaceRows(Tensor x, ReadOnlySpan<int> rows, EmbeddingWeights vector)
    {
        Tensor output = Allocate(x.Rows, x.Columns);
        Copy(x, output);
        foreach (int row in rows)
        {
            Embed([0], vector, output.SliceRows(row, 1));
        }

        return output;
    }

    /// <summary>Some rows, one after another.</summary>
    public Tensor SelectRows(Tensor x, ReadOnlySpan<int> rows)
    {
        Tensor output = Allocate(rows.Length, x.Columns);
        for (int i = 0; i < rows.Length; i++)
        {
            Copy(x.SliceRows(rows[i], 1), output.SliceRows(i, 1));
        }

        return output;
    }

    /// <summary>Sets features to 0 in all rows of a sequence.</summary>
    public void ClearColumns(Tensor x, ReadOnlySpan<int> columns)
    {
        int[] kept = columns.ToArray();
        Clear(x);
        Note(x, Learns(x), Clear);

        void Clear(Tensor tensor)
        {
            foreach (int column in kept)
            {
                _run.Clear(tensor.SliceColumns(column, 1));
            }
        }
    }

    private void LayerNorm(
        Tensor x, NormWeights norm, Tensor output, bool canReplace, Tensor residual = default,
        Data2Vec.Kernels.Activation activation = Data2Vec.Kernels.Activation.None)
    {
        bool inputLearns = Learns(x), residualLearns = Learns(residual), learns = inputLearns || residualLearns || _run.Learns(norm);
        Dropped dropped = DropoutOf(norm.Dropout);
        if (!_isRecording || !learns)
        {
            _run.LayerNorm(x, norm, output, residual, activation);
            Apply(dropped, output);
            _learns |= learns;
            return;
        }

        Tensor normalized = canReplace ? x : _run.Allocate(x.Rows, x.Columns, ElementType.F32), factors = _run.Allocate(x.Rows, 1, ElementType.F32);
        _run.LayerNorm(x, norm, output, residual, activation, normalized, factors);
        Apply(dropped, output);
        Note(output, learns, dy =>
        {
            Apply(dropped, dy);
            if (!residualLearns)
            {
                bool accumulate = false;
                Tensor dx = inputLearns ? GradientToWrite(x, out accumulate) : default;
                _run.LayerNormBackward(normalized, factors, norm, activation, dy, dx, accumulate);
                return;
            }

            // Both summands have the same gradient.
            _run.LayerNormBackward(normalized, factors, norm, activation, dy, dy, accumulate: false);
            AddTo(residual, dy);
            if (inputLearns)
            {
                AddTo(x, dy);
            }
        });
    }

    private void AddResidual(Tensor residual, Tensor output)
    {
        if (!residual.IsEmpty)
        {
            _run.Add(residual, output);
        }
    }

    /// <summary>What is dropped of a result: features, and for a branch also whole items.</summary>
    private readonly record struct Dropped(float Rate, ulong Key, float PathRate, int Site)
    {
        public bool IsNone => Rate == 0 && PathRate == 0;
    }

    private Dropped DropoutOf(DropoutSite site)
    {
        if (site == DropoutSite.None)
        {
            return default;
        }

        int number = _site++;
        float rate = (float)_options.Dropout.Of(site);
        float path = site == DropoutSite.Branch && _layer > 0 && _options.Layers > 1 ? (float)(_options.Dropout.Path * _layer.Value / (_options.Layers - 1)) : 0;
        return new Dropped(rate, rate == 0 ? 0 : _options.Random(RandomSite.Dropout, number).Key, path, number);
    }

    private Dropout DropoutOfAttention(Tensor query)
    {
        float rate = (float)_options.Dropout.Attention;
        return rate == 0 ? default : new Dropout(rate, _options.Random(RandomSite.AttentionDropout, _site++).Key, PlacesOf(query));
    }

    /// <summary>Drops features, in a result or in its gradient.</summary>
    private void Apply(Dropped dropped, Tensor x)
    {
        if (dropped.Rate > 0)
        {
            _run.Drop(x, new Dropout(dropped.Rate, dropped.Key, PlacesOf(x)));
        }

        if (dropped.PathRate > 0)
        {
            RandomSource random = _options.Random(RandomSite.DropPath, dropped.Site);
            for (int i = 0; i < _rows.Count; i++)
            {
                Tensor ofItem = x.SliceRows(_rows.Start(i), _rows.Length(i));
                if (random.Uniform(_itemPlaces[i].Item, 0, 0) < dropped.PathRate)
                {
                    _run.Clear(ofItem);
                }
                else
                {
                    _run.Scale(ofItem, 1 / (1 - dropped.PathRate));
                }
            }
        }
    }

    private RowPlace* PlacesOf(Tensor x) => _rowPlaces == null ? throw new InvalidOperationException("Dropout needs to know the items.")
        : x.Rows == _rows.Rows ? _rowPlaces
        : x.Rows == _rows.Count ? _itemPlaces
        : throw new InvalidOperationException("Dropout applies to all rows or to one of each item.");
}
